import { varlongSize, writeVarint, writeVarlong } from '#bytes'
import {
  attributesOf,
  baseOffsetOf,
  baseTimestampOf,
  batchHeaderSize,
  type Codec,
  codecOf,
  compress,
  decompress,
  deleteHorizonOf,
  emptyBatch,
  isControl,
  isLogAppendTime,
  maxTimestampOf,
  recordCountOf,
  rewriteBatch,
} from '#records'
import { unfoldedSizeMax } from '../limits.ts'
import type { OffsetMap } from './offset-map.ts'
import { RecordWalk } from './record-walk.ts'

/** What decides about the records of a batch. */
export interface FilterRules {
  /** The last offset of each key up to `latestOffset`, of those that stand there. */
  map: OffsetMap
  /** Records behind it are left alone. */
  latestOffset: number
  nowMs: number
  /** How long a tombstone or marker stays once nothing older needs it, as `delete.retention.ms`. */
  deleteRetentionMs: number
}

/** What is known of a batch besides its bytes. */
export interface BatchFate {
  /** Its records are of an aborted transaction, or its marker ends one of which nothing is left. */
  mayGo: boolean
  /** It stays even without records, for its offsets or its producer's sequence. */
  staysEmpty: boolean
}

/**
 * What is left of a batch: itself when nothing changes, another one at the same offsets, or undefined when
 * nothing has to stay. Throws a `RecordsError` when it holds no sound records.
 */
export const filterBatch = (
  batch: Buffer,
  rules: FilterRules,
  fate: BatchFate,
): Buffer | undefined => {
  const count = recordCountOf(batch)
  if (count === 0) return fate.staysEmpty ? batch : undefined
  if (isControl(attributesOf(batch))) return filterMarker(batch, rules, fate)
  if (fate.mayGo) return withoutRecords(batch, fate)
  if (baseOffsetOf(batch) > rules.latestOffset) return batch
  const kept = chooseRecords(batch, count, rules)
  if (kept.count === 0) return withoutRecords(batch, fate)
  const deleteHorizonMs = kept.hasTombstones ? newHorizon(batch, kept, rules) : undefined
  if (kept.count === count && deleteHorizonMs === undefined) return batch
  const codec = codecOf(attributesOf(batch)) as Codec
  const records =
    deleteHorizonMs === undefined ? kept.copy() : kept.copyFrom(batch, deleteHorizonMs)
  return rewriteBatch(batch, {
    body: compress(codec, records),
    count: kept.count,
    deleteHorizonMs,
    maxTimestampMs: largestTime(batch, kept),
  })
}

const withoutRecords = (batch: Buffer, { staysEmpty }: BatchFate): Buffer | undefined =>
  staysEmpty ? emptyBatch(batch) : undefined

/** A marker that is not needed any more gets its delete horizon first, and goes when that is past. */
const filterMarker = (batch: Buffer, rules: FilterRules, fate: BatchFate): Buffer | undefined => {
  if (!fate.mayGo) return batch
  const horizonMs = deleteHorizonOf(batch)
  if (horizonMs !== undefined) return horizonMs <= rules.nowMs ? withoutRecords(batch, fate) : batch
  const kept = new KeptRecords(batch.subarray(batchHeaderSize))
  const walk = new RecordWalk(kept.bytes, recordCountOf(batch))
  while (walk.next()) kept.add(walk)
  const deleteHorizonMs = newHorizon(batch, kept, rules)
  if (deleteHorizonMs === undefined) return batch
  const body = kept.copyFrom(batch, deleteHorizonMs)
  return rewriteBatch(batch, { body, count: kept.count, deleteHorizonMs })
}

const chooseRecords = (batch: Buffer, count: number, rules: FilterRules): KeptRecords => {
  const { map, latestOffset, nowMs } = rules
  const codec = codecOf(attributesOf(batch))
  const bytes = decompress(codec, batch.subarray(batchHeaderSize), unfoldedSizeMax)
  const horizonMs = deleteHorizonOf(batch)
  const tombstonesGo = horizonMs !== undefined && horizonMs <= nowMs
  const baseOffset = baseOffsetOf(batch)
  const walk = new RecordWalk(bytes, count)
  const kept = new KeptRecords(bytes)
  while (walk.next()) {
    const offset = baseOffset + walk.offsetDelta
    if (offset <= latestOffset) {
      // A record without a key stems from a time when the topic was not compacted.
      if (walk.keySize < 0) continue
      const isTombstone = walk.valueSize < 0
      if (isTombstone && tombstonesGo) continue
      if (offset < map.get(bytes, walk.keyStart, walk.keyStart + walk.keySize)) continue
      if (isTombstone) kept.hasTombstones = true
    }
    kept.add(walk)
  }
  return kept
}

/** The horizon that a batch gets, if it has none yet and its times allow it. */
const newHorizon = (
  batch: Buffer,
  { timeDeltaMin, timeDeltaMax }: KeptRecords,
  { nowMs, deleteRetentionMs }: FilterRules,
): number | undefined => {
  if (deleteHorizonOf(batch) !== undefined) return undefined
  const horizonMs = nowMs + deleteRetentionMs
  const shift = baseTimestampOf(batch) - horizonMs
  const numbers = [horizonMs, baseTimestampOf(batch), shift + timeDeltaMin, shift + timeDeltaMax]
  // A producer's time beyond 2^53, or a retention without end: such tombstones stay for ever.
  return numbers.every(Number.isSafeInteger) ? horizonMs : undefined
}

/** The largest time of what is kept; undefined where the batch's own stands. */
const largestTime = (batch: Buffer, { timeDeltaMax }: KeptRecords): number | undefined => {
  if (isLogAppendTime(attributesOf(batch))) return undefined
  const timestampMs = baseTimestampOf(batch) + timeDeltaMax
  return Number.isSafeInteger(timestampMs) && timestampMs <= maxTimestampOf(batch)
    ? timestampMs
    : undefined
}

/** Records of a batch that stay, as stretches of its bytes. */
class KeptRecords {
  readonly bytes: Buffer
  count = 0
  hasTombstones = false
  timeDeltaMin = Number.POSITIVE_INFINITY
  timeDeltaMax = Number.NEGATIVE_INFINITY
  /** Starts and ends, in turns. */
  readonly #stretches: number[] = []
  #size = 0

  constructor(bytes: Buffer) {
    this.bytes = bytes
  }

  add({ start, end, timestampDelta }: RecordWalk): void {
    const stretches = this.#stretches
    if (stretches.at(-1) === start) stretches[stretches.length - 1] = end
    else stretches.push(start, end)
    this.#size += end - start
    this.count += 1
    if (timestampDelta < this.timeDeltaMin) this.timeDeltaMin = timestampDelta
    if (timestampDelta > this.timeDeltaMax) this.timeDeltaMax = timestampDelta
  }

  /** The records as they are. */
  copy(): Buffer {
    const copy = Buffer.allocUnsafe(this.#size)
    let position = 0
    for (let index = 0; index < this.#stretches.length; index += 2)
      position += this.bytes.copy(
        copy,
        position,
        this.#stretches[index],
        this.#stretches[index + 1],
      )
    return copy
  }

  /** The records with times that count from another base than the batch's. */
  copyFrom(batch: Buffer, baseTimestampMs: number): Buffer {
    const shift = baseTimestampOf(batch) - baseTimestampMs
    const records = this.copy()
    const growthMax = 8
    const moved = Buffer.allocUnsafe(records.length + this.count * growthMax)
    const walk = new RecordWalk(records, this.count)
    let position = 0
    while (walk.next()) {
      const timestampDelta = walk.timestampDelta + shift
      const size = 1 + varlongSize(timestampDelta) + (walk.end - walk.timestampEnd)
      position = writeVarint(moved, position, size)
      moved[position] = records[walk.bodyStart]!
      position = writeVarlong(moved, position + 1, timestampDelta)
      position += records.copy(moved, position, walk.timestampEnd, walk.end)
    }
    return moved.subarray(0, position)
  }
}
