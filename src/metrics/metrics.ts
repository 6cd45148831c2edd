// What the broker does and how it is, as text that Prometheus scrapes.
export type { CoordinatorSources } from './coordinator-metrics.ts'
export { Metrics } from './listener.ts'
export type { LogSources } from './log-metrics.ts'
export type { ServerSources } from './server-metrics.ts'
