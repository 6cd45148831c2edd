// What the broker does and how it is, as text that Prometheus scrapes.
export { Metrics } from './registry.ts'
