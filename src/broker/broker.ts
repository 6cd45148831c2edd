// The broker half, assembled from a world and settings.

export { type Broker, startBroker } from './start.ts'
export { StartError } from './start-error.ts'
