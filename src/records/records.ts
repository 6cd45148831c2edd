// Record batches of magic 2: what is in them, how they are compressed and built.
export {
  type BatchOptions,
  buildBatch,
  buildBatchAsync,
  buildMarker,
  type Marker,
  MarkerType,
  type NewHeader,
  type NewRecord,
} from './builder.ts'
export type { Pause } from './codecs/stretches.ts'
export { Codec, compress, compressAsync, decompress, decompressAsync } from './compression.ts'
export {
  attributesOf,
  baseOffsetOf,
  baseSequenceOf,
  baseTimestampOf,
  batchHeaderSize,
  batchSizeOf,
  checksumMatches,
  codecOf,
  isControl,
  isLogAppendTime,
  isTransactional,
  lastOffsetOf,
  leaderEpochOf,
  lengthEnd,
  magicOf,
  maxTimestampOf,
  placeBatch,
  producerEpochOf,
  producerIdOf,
  recordCountOf,
  setCreateTime,
  stampBatch,
} from './header.ts'
export {
  type BatchFrame,
  type BatchRecord,
  RecordCursor,
  type RecordHeader,
  readRecords,
} from './record.ts'
export { RecordsError, type RecordsErrorCode } from './records-error.ts'
export { type BatchRewrite, deleteHorizonOf, emptyBatch, rewriteBatch } from './rewrite.ts'
export {
  type BatchFacts,
  type BatchRules,
  checkBatch,
  checkHeaderTime,
  checkRecords,
  needsOpening,
  type RecordFault,
  RecordRefusal,
} from './validate.ts'
