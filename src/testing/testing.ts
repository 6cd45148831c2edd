// What tests, benchmarks and tools need to drive a broker: not part of what is published.
export { type BoxedBroker, boxBroker } from './broker-box.ts'
export { collectingLogger } from './collecting-logger.ts'
export { temporaryFolder } from './temporary-folder.ts'
export { WireClient } from './wire-client.ts'
