// What tests, benchmarks and tools need to drive a broker: not part of what is published.
export { assignmentFaults } from './assignment-check.ts'
export { type BoxedBroker, boxBroker } from './broker-box.ts'
export {
  type BrokerProcess,
  beginBroker,
  type Exit,
  type Output,
  type Run,
  runBroker,
  type SpawnOptions,
  spawnBroker,
} from './broker-process.ts'
export { ClassicTable } from './classic-table.ts'
export { collectingLogger } from './collecting-logger.ts'
export { type MetricFamily, readExposition, type Sample } from './exposition.ts'
export { failingDisk } from './failing-disk.ts'
export { type Forgotten, forgetfulDisk } from './forgetful-disk.ts'
export { fullDisk } from './full-disk.ts'
export { groupErrors } from './group-errors.ts'
export { GroupTable, textOf } from './group-table.ts'
export { hastyDatabases } from './hasty-databases.ts'
export { HeldDatabase } from './held-database.ts'
export {
  groupKey,
  groupValue,
  inSync,
  leader,
  metadataRecord,
  offsetKey,
  offsetValue,
} from './kafka-records.ts'
export {
  type CommittedPart,
  fetchCommitted,
  readCommitted,
  takeCommitted,
} from './read-committed.ts'
export { SeededRandom } from './seeded-random.ts'
export { type SimulatedDatabaseOptions, SimulatedDatabases } from './simulated-databases.ts'
export {
  type Fault,
  type Faults,
  SimulatedDisk,
  type SimulatedDiskOptions,
} from './simulated-disk.ts'
export { Simulation } from './simulation.ts'
export { temporaryFolder } from './temporary-folder.ts'
export {
  createTopic,
  deleteTopic,
  fetchRequest,
  type ListedTopic,
  listTopics,
  newProducerId,
  produceBatch,
  produceRequest,
  type ReadBatch,
  type ReadOptions,
  type ReadPart,
  readBatches,
  readOnce,
  readToEnd,
  type Topic,
} from './topic-client.ts'
export { HeldTransactionLog } from './transaction-log.ts'
export { TransactionTable } from './transaction-table.ts'
export {
  type PendedOffset,
  type PendingMember,
  TransactionalClient,
} from './transactional-client.ts'
export { until, within } from './until.ts'
export { type Requesting, WireClient } from './wire-client.ts'
