// What a producer's batch has to be before it may enter a log: Kafka's rules, each with Kafka's error.
import { kafkaError } from '#model'
import { Codec } from './compression.ts'
import {
  attributesOf,
  baseSequenceOf,
  baseTimestampOf,
  batchHeaderSize,
  batchSizeOf,
  checksumMatches,
  codecOf,
  isControl,
  isLogAppendTime,
  isTransactional,
  lastOffsetDeltaOf,
  magicOf,
  maxTimestampOf,
  producerEpochOf,
  producerIdOf,
  recordCountOf,
} from './header.ts'
import { type QuickRules, quickLargestTimeDelta, quickWalk } from './quick-walk.ts'
import { RecordCursor } from './record.ts'
import { RecordsError } from './records-error.ts'

/** What a topic asks of a batch. Times in milliseconds, sizes in bytes. */
export interface BatchRules {
  sizeMax: number
  /** Every record needs a key. */
  compacted: boolean
  /** Compressed batches are unfolded even where nothing else asks for it. */
  openCompressed: boolean
  /** The broker will put its own time on the batch, so the producer's does not matter. */
  ownTime: boolean
  timestampBeforeMaxMs: number
  timestampAfterMaxMs: number
  nowMs: number
  zstdAllowed: boolean
}

/** What the broker needs to know of a batch that may enter. */
export interface BatchFacts {
  count: number
  codec: number
  maxTimestampMs: number
  isTransactional: boolean
  /** -1 for a producer without an id. */
  producerId: number
  producerEpoch: number
  baseSequence: number
}

/** A record that made its batch be refused, by its place in the batch (KIP-467). */
export interface RecordFault {
  batchIndex: number
  message: string
}

/** At most so many faults are named; an answer must not grow with what a client gets wrong. */
const faultsMax = 100

/** The time of a record that has none. */
const noTime = -1

/** Largest record count of which each record still has a byte. */
const recordSizeMin = 1

/**
 * Checks the header of what was sent for one partition, which must be exactly one batch. Throws the
 * `KafkaError` that Kafka answers.
 */
export const checkBatch = (batch: Buffer | null, rules: BatchRules): BatchFacts => {
  if (!batch || batch.length === 0)
    throw kafkaError('INVALID_RECORD', 'A partition of a produce request needs one record batch.')
  checkFrame(batch, rules)
  const attributes = attributesOf(batch)
  const facts: BatchFacts = {
    count: recordCountOf(batch),
    codec: codecOf(attributes),
    maxTimestampMs: maxTimestampOf(batch),
    isTransactional: isTransactional(attributes),
    producerId: producerIdOf(batch),
    producerEpoch: producerEpochOf(batch),
    baseSequence: baseSequenceOf(batch),
  }
  checkKind(attributes)
  checkCodec(facts.codec, rules)
  checkCount(batch, facts)
  checkProducer(facts)
  if (rules.ownTime && isLogAppendTime(attributes))
    throw kafkaError(
      'INVALID_TIMESTAMP',
      'A producer may not say that its times are those of the broker.',
    )
  return facts
}

const checkFrame = (batch: Buffer, { sizeMax }: BatchRules): void => {
  if (batch.length < batchHeaderSize)
    throw kafkaError('CORRUPT_MESSAGE', `A batch has at least ${batchHeaderSize} bytes.`)
  const magic = magicOf(batch)
  if (magic !== 2) throw kafkaError('INVALID_RECORD', `A batch must be of magic 2, not ${magic}.`)
  const size = batchSizeOf(batch)
  if (size < batchHeaderSize || size > batch.length)
    throw kafkaError('CORRUPT_MESSAGE', 'A batch says another length than it has.')
  if (size < batch.length)
    throw kafkaError('INVALID_RECORD', 'A produce request may hold one batch a partition, no more.')
  if (size > sizeMax)
    throw kafkaError(
      'MESSAGE_TOO_LARGE',
      `The batch has ${size} bytes and max.message.bytes allows ${sizeMax}.`,
    )
  if (!checksumMatches(batch, 0, size))
    throw kafkaError('CORRUPT_MESSAGE', "The batch's bytes are not what its CRC says.")
}

const checkKind = (attributes: number): void => {
  if (isControl(attributes))
    throw kafkaError('INVALID_RECORD', 'Clients may not write control batches.')
}

const checkCodec = (codec: number, { zstdAllowed }: BatchRules): void => {
  if (codec > Codec.zstd)
    throw kafkaError('INVALID_RECORD', `There is no compression codec ${codec}.`)
  if (codec === Codec.zstd && !zstdAllowed)
    throw kafkaError(
      'UNSUPPORTED_COMPRESSION_TYPE',
      'zstd needs version 7 or later of the produce request.',
    )
}

const checkCount = (batch: Buffer, { count, codec }: BatchFacts): void => {
  const lastOffsetDelta = lastOffsetDeltaOf(batch)
  if (count <= 0 || lastOffsetDelta !== count - 1)
    throw kafkaError(
      'INVALID_RECORD',
      `The batch has ${count} records and a last offset delta of ${lastOffsetDelta}.`,
    )
  const room = (batch.length - batchHeaderSize) / recordSizeMin
  if (codec === Codec.none && count > room)
    throw kafkaError('INVALID_RECORD', `The batch has no room for ${count} records.`)
}

const checkProducer = (facts: BatchFacts): void => {
  const { producerId, producerEpoch, baseSequence, isTransactional } = facts
  if (producerId === -1) {
    if (!isTransactional) return
    throw kafkaError('INVALID_RECORD', 'A batch of a transaction needs a producer id.')
  }
  if (producerId < 0 || producerId > Number.MAX_SAFE_INTEGER)
    throw kafkaError('INVALID_RECORD', 'The batch has a producer id that was never given out.')
  if (producerEpoch < 0 || baseSequence < 0)
    throw kafkaError(
      'INVALID_RECORD',
      'A batch with a producer id needs an epoch and a sequence of at least 0.',
    )
}

/** Whether the records have to be unfolded before the batch can be judged. */
export const needsOpening = ({ codec }: BatchFacts, rules: BatchRules): boolean =>
  codec !== Codec.none && (rules.compacted || rules.openCompressed)

/**
 * Checks a compressed batch's times by its header alone; the records are its producer's affair.
 * Throws INVALID_TIMESTAMP.
 */
export const checkHeaderTime = (batch: Buffer, facts: BatchFacts, rules: BatchRules): void => {
  if (rules.ownTime) return
  if (isOutOfBounds(facts.maxTimestampMs, rules)) throw invalidTime([])
  if (isOutOfBounds(baseTimestampOf(batch), rules)) throw invalidTime([])
}

/** A refusal that names records. */
export class RecordRefusal extends Error {
  readonly errorName: 'INVALID_RECORD' | 'INVALID_TIMESTAMP'
  readonly faults: readonly RecordFault[]

  constructor(
    errorName: 'INVALID_RECORD' | 'INVALID_TIMESTAMP',
    message: string,
    faults: readonly RecordFault[],
  ) {
    super(message)
    this.errorName = errorName
    this.faults = faults
  }
}

/**
 * Walks the records, unfolded, of a batch: lengths, count, offsets without gaps, times, keys. Returns
 * their largest time, which the header may have wrong. Throws a `RecordRefusal`, or a `KafkaError`
 * where the bytes are no records.
 */
export const checkRecords = (
  records: Buffer,
  batch: Buffer,
  facts: BatchFacts,
  rules: BatchRules,
): number => {
  if (quickWalk(records, quickRules(batch, facts, rules)))
    return Math.max(noTime, baseTimestampOf(batch) + quickLargestTimeDelta())
  const cursor = new RecordCursor(records, {
    baseOffset: 0,
    baseTimestampMs: baseTimestampOf(batch),
    count: facts.count,
  })
  const missingKeys: RecordFault[] = []
  const badTimes: RecordFault[] = []
  const checkTimes = !rules.ownTime
  let largestMs = noTime
  try {
    for (let batchIndex = 0; cursor.next(); batchIndex += 1) {
      // Reading the headers is what checks them.
      cursor.headers()
      largestMs = Math.max(largestMs, cursor.timestampMs)
      if (cursor.offset !== batchIndex)
        throw kafkaError(
          'INVALID_RECORD',
          `Record ${batchIndex} has offset delta ${cursor.offset}.`,
        )
      if (rules.compacted && cursor.key === null && missingKeys.length < faultsMax)
        missingKeys.push({ batchIndex, message: 'A record of a compacted topic needs a key.' })
      if (checkTimes && isOutOfBounds(cursor.timestampMs, rules) && badTimes.length < faultsMax)
        badTimes.push({ batchIndex, message: timeFault(cursor.timestampMs) })
    }
  } catch (error) {
    if (error instanceof RecordsError) throw kafkaError('INVALID_RECORD', error.message)
    throw error
  }
  if (missingKeys.length > 0)
    throw new RecordRefusal(
      'INVALID_RECORD',
      'One or more records have no key, and the topic is compacted.',
      missingKeys,
    )
  if (badTimes.length > 0) throw invalidTime(badTimes)
  return largestMs
}

const quickRules = (batch: Buffer, { count }: BatchFacts, rules: BatchRules): QuickRules => {
  const base = baseTimestampOf(batch)
  const { ownTime, nowMs, timestampBeforeMaxMs, timestampAfterMaxMs } = rules
  return {
    count,
    needsKeys: rules.compacted,
    timeDeltaMin: ownTime ? Number.NEGATIVE_INFINITY : nowMs - timestampBeforeMaxMs - base,
    timeDeltaMax: ownTime ? Number.POSITIVE_INFINITY : nowMs + timestampAfterMaxMs - base,
  }
}

const invalidTime = (faults: readonly RecordFault[]): RecordRefusal =>
  new RecordRefusal(
    'INVALID_TIMESTAMP',
    'A time lies beyond message.timestamp.before.max.ms or message.timestamp.after.max.ms.',
    faults,
  )

const timeFault = (timestampMs: number): string =>
  `The time ${timestampMs} is too far from the broker's.`

const isOutOfBounds = (timestampMs: number, rules: BatchRules): boolean =>
  timestampMs !== -1 &&
  (rules.nowMs - timestampMs > rules.timestampBeforeMaxMs ||
    timestampMs - rules.nowMs > rules.timestampAfterMaxMs)
