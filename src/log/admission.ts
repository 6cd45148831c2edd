// The way into a log, the same for every engine: a batch is checked, and stamped where the topic says so.
import { KafkaError, kafkaError } from '#model'
import {
  attributesOf,
  type BatchFacts,
  type BatchRules,
  batchHeaderSize,
  Codec,
  checkBatch,
  checkHeaderTime,
  checkRecords,
  compressAsync,
  decompressAsync,
  isLogAppendTime,
  needsOpening,
  type Pause,
  type RecordFault,
  RecordRefusal,
  RecordsError,
  rewriteBatch,
  setCreateTime,
  stampBatch,
} from '#records'
import type {
  Append,
  AppendOptions,
  AppendOutcome,
  AppendTransaction,
  CompressionType,
  LogConfig,
} from './engine.ts'
import { unfoldedFactorMax, unfoldedSizeMin } from './limits.ts'

/** A batch that may enter the log. */
export interface Admitted {
  batch: Buffer
  facts: BatchFacts
  transaction: AppendTransaction | undefined
  /** The broker's time when that is the batch's, else -1. */
  logAppendTimeMs: number
}

/** A batch whose records have to be unfolded first, which takes its time. */
export interface Unopened {
  open(pause: Pause): Promise<Admitted>
}

/** Checks a batch. Throws a `KafkaError` or `RecordRefusal`; see `refusalOf`. */
export const admit = (
  { records, transaction }: Append,
  config: LogConfig,
  { zstdAllowed }: AppendOptions,
  nowMs: number,
): Admitted | Unopened => {
  const rules: BatchRules = {
    sizeMax: config.maxMessageBytes,
    compacted: config.compacted,
    openCompressed: config.openCompressed,
    ownTime: config.timestampType === 'LogAppendTime',
    timestampBeforeMaxMs: config.timestampBeforeMaxMs,
    timestampAfterMaxMs: config.timestampAfterMaxMs,
    nowMs,
    zstdAllowed,
  }
  const batch = records === null ? null : asBuffer(records)
  const facts = checkBatch(batch, rules)
  const checked = batch!
  if (facts.isTransactional && !transaction)
    throw kafkaError('INVALID_TXN_STATE', 'The request of this batch names no transaction.')
  const { compression } = config
  const isOther = compression !== undefined && codecOf(compression.type) !== facts.codec
  if (isOther || needsOpening(facts, rules))
    return {
      open: async (pause) => {
        const records = await unfold(checked, facts, config, pause)
        const largestMs = checkRecords(records, checked, facts, rules)
        const folded = isOther ? await fold(checked, records, facts, config, pause) : checked
        return stamped(folded, facts, transaction, rules, largestMs)
      },
    }
  if (facts.codec === 0) {
    const records = checked.subarray(batchHeaderSize)
    const largestMs = checkRecords(records, checked, facts, rules)
    return stamped(checked, facts, transaction, rules, largestMs)
  }
  checkHeaderTime(checked, facts, rules)
  return stamped(checked, facts, transaction, rules, facts.maxTimestampMs)
}

/** What a batch's error says to its producer; throws on what is no answer. */
export const refusalOf = (error: unknown, logStart: number): AppendOutcome => {
  const refused = (answer: KafkaError, recordFaults: readonly RecordFault[]): AppendOutcome => ({
    error: answer,
    logStart,
    recordFaults,
  })
  if (error instanceof RecordRefusal)
    return refused(kafkaError(error.errorName, error.message), error.faults)
  if (error instanceof KafkaError) return refused(error, [])
  throw error
}

const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)

const unfold = async (
  batch: Buffer,
  { codec }: BatchFacts,
  { maxMessageBytes }: LogConfig,
  pause: Pause,
): Promise<Buffer> => {
  const sizeMax = Math.max(unfoldedSizeMin, maxMessageBytes * unfoldedFactorMax)
  try {
    return await decompressAsync(codec, batch.subarray(batchHeaderSize), sizeMax, pause)
  } catch (error) {
    if (error instanceof RecordsError) throw kafkaError('CORRUPT_MESSAGE', error.message)
    throw error
  }
}

const codecOf = (type: CompressionType): Codec =>
  type === 'uncompressed' ? Codec.none : Codec[type]

/** The batch with its records compressed as the topic wants them (`compression.type`). */
const fold = async (
  batch: Buffer,
  records: Buffer,
  { count }: BatchFacts,
  { compression, maxMessageBytes }: LogConfig,
  pause: Pause,
): Promise<Buffer> => {
  const { type, level } = compression!
  const codec = codecOf(type)
  const body = await compressAsync(codec, records, pause, level)
  const size = batchHeaderSize + body.length
  if (size > maxMessageBytes)
    throw kafkaError(
      'MESSAGE_TOO_LARGE',
      `As the topic compresses it the batch has ${size} bytes, and max.message.bytes allows ${maxMessageBytes}.`,
    )
  return rewriteBatch(batch, { body, count, codec })
}

/**
 * The largest time is what segments roll and are looked up by, and its kind is the topic's affair: a
 * header that has one of them wrong is mended.
 */
const stamped = (
  batch: Buffer,
  facts: BatchFacts,
  transaction: AppendTransaction | undefined,
  { ownTime, nowMs }: BatchRules,
  maxTimestampMs: number,
): Admitted => {
  if (!ownTime) {
    const isRight = maxTimestampMs === facts.maxTimestampMs && !isLogAppendTime(attributesOf(batch))
    if (isRight) return { batch, facts, transaction, logAppendTimeMs: -1 }
    setCreateTime(batch, maxTimestampMs)
    return { batch, facts: { ...facts, maxTimestampMs }, transaction, logAppendTimeMs: -1 }
  }
  stampBatch(batch, nowMs)
  const own = { ...facts, maxTimestampMs: nowMs }
  return { batch, facts: own, transaction, logAppendTimeMs: nowMs }
}
