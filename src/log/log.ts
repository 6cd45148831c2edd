// Partitions as sequences of record batches: the interface, and the engines behind it.
export type { CleanerSettings } from './compaction/cleaner-settings.ts'
export type {
  AbortedTransaction,
  Append,
  AppendOptions,
  AppendOutcome,
  AppendTransaction,
  Bounds,
  DamagedPartition,
  LogConfig,
  LogEngine,
  LogFigures,
  Movement,
  Opened,
  OpenPartition,
  OpenTransaction,
  PartitionId,
  ProducerState,
  Read,
  ReadOutcome,
  TimedOffset,
  TransactionMarker,
  TransactionVersion,
} from './engine.ts'
export { adoptPartitions } from './local/adoption.ts'
export {
  forgetCleanStop,
  hasStoppedCleanly,
  type PartitionCheckpoints,
  readCheckpoints,
} from './local/data-folder.ts'
export {
  type DamagedStretch,
  describeDamage,
  type Inspection,
  inspectPartition,
  repairPartition,
} from './local/inspection.ts'
export { LocalLog } from './local/local-log.ts'
export type { LocalLogSettings } from './local/settings.ts'
export { LogError, type LogErrorCode } from './log-error.ts'
export { MemoryLog, type MemoryLogSettings } from './memory/memory-log.ts'
