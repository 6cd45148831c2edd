// Compaction: a log keeps at least the last record of each key.
//
//     offset   0    1    2    3    4    5    6 │ 7  …          │ the first offset that is not cleaned
//     before   a=1  b=1  a=2  c=1  b=∅  a=3  d=1│ a=4           ∅ a tombstone: a record without a value
//     after                   c=1  b=∅  a=3  d=1│ a=4
//     later                   c=1       a=3  d=1│ a=4           once delete.retention.ms is over
//
// A cleaning walks twice. First over what came since the last one: an `OffsetMap` learns the last offset
// of each key. Then over the whole log up to there: a record stays if the map knows no later one of its
// key. What is left keeps its offset, and batches keep their offsets, epochs and producers; a batch
// without records goes, unless it is all that tells a producer's last sequence or where the log ends.
//
// A tombstone stays long enough for every reader to see it: the first cleaning after which nothing older
// is left of its key writes into its batch when it may go (KIP-534). Markers of transactions have the
// same once no batch of their transaction is left.
//
// When the map is full the cleaning ends at the last batch that fitted, and the next one goes on there.
import {
  attributesOf,
  baseOffsetOf,
  batchHeaderSize,
  codecOf,
  decompress,
  isControl,
  lastOffsetOf,
  producerEpochOf,
  producerIdOf,
  recordCountOf,
} from '#records'
import type { AbortedSpan } from './aborted-spans.ts'
import { filterBatch } from './compaction/batch-filter.ts'
import { OffsetMap, type OffsetMapOptions } from './compaction/offset-map.ts'
import { RecordWalk } from './compaction/record-walk.ts'
import { TransactionWalk } from './compaction/transaction-walk.ts'
import { unfoldedSizeMax } from './limits.ts'
import type { ProducerEntry } from './producer-states.ts'

/** What a producer that is still remembered did last: the batch that tells of it has to stay. */
export interface LastOfProducer {
  producerId: number
  producerEpoch: number
  /** The last offset of its last batch of records; -1 when only a marker tells of it. */
  lastOffset: number
}

/** What the producers that are remembered did last. */
export const lastsOf = (entries: Iterable<ProducerEntry>): LastOfProducer[] =>
  [...entries].map(({ producerId, producerEpoch, batches }) => ({
    producerId,
    producerEpoch,
    lastOffset: batches.at(-1)?.lastOffset ?? -1,
  }))

/** What one cleaning of one log is to do. */
export interface CompactionOptions extends OffsetMapOptions {
  /** The first offset that no cleaning has learnt yet. */
  firstDirtyOffset: number
  nowMs: number
  deleteRetentionMs: number
  /** The aborted transactions in what is cleaned. */
  aborted: readonly AbortedSpan[]
  producers: readonly LastOfProducer[]
}

/** One cleaning of one log. All of `learn` comes before all of `keep`; each sees the batches in order. */
export class Compaction {
  readonly #options: CompactionOptions
  readonly #map: OffsetMap
  readonly #learning: TransactionWalk
  readonly #keeping: TransactionWalk
  readonly #producers: ReadonlyMap<number, LastOfProducer>
  #latestOffset: number
  #full = false
  #changeCount = 0

  constructor(options: CompactionOptions) {
    this.#options = options
    this.#map = new OffsetMap(options)
    this.#learning = new TransactionWalk(options.aborted)
    this.#keeping = new TransactionWalk(options.aborted)
    this.#producers = new Map(options.producers.map((last) => [last.producerId, last]))
    this.#latestOffset = options.firstDirtyOffset - 1
  }

  /** The first offset behind what was learnt: the next cleaning begins there. */
  get end(): number {
    return this.#latestOffset + 1
  }

  /** No more can be learnt in this cleaning. */
  get full(): boolean {
    return this.#full
  }

  /** Bytes of the map. */
  get mapSize(): number {
    return this.#map.size
  }

  /** How many batches `keep` has answered with anything but themselves. */
  get changeCount(): number {
    return this.#changeCount
  }

  /** Learns the keys of a batch; false, then and ever after, when they do not all fit. */
  learn(bytes: Buffer, start: number, end: number): boolean {
    if (this.#full) return false
    const mayGo = this.#learning.mayGo(bytes, start, end)
    const lastOffset = lastOffsetOf(bytes, start)
    if (lastOffset < this.#options.firstDirtyOffset) return true
    const isLearnt = mayGo || isControl(attributesOf(bytes, start))
    const reached = isLearnt ? lastOffset : this.#learnRecords(bytes, start, end, lastOffset)
    this.#full = reached < lastOffset
    // A batch with more keys than fit into an empty map is learnt in parts.
    const isFirst = this.#latestOffset < this.#options.firstDirtyOffset
    if (!this.#full || isFirst) this.#latestOffset = Math.max(this.#latestOffset, reached)
    return !this.#full
  }

  /** Everything before `offset` has been seen, also where no batch is left. */
  learntUpTo(offset: number): void {
    if (!this.#full) this.#latestOffset = Math.max(this.#latestOffset, offset - 1)
  }

  /**
   * What is left of a batch: itself, another one, or undefined when nothing is. `staysEmpty` keeps it
   * without records, as the last batch of a file is kept to tell where that ends.
   */
  keep(bytes: Buffer, start: number, end: number, staysEmpty: boolean): Buffer | undefined {
    const { nowMs, deleteRetentionMs } = this.#options
    const mayGo = this.#keeping.mayGo(bytes, start, end)
    const rules = { map: this.#map, latestOffset: this.#latestOffset, nowMs, deleteRetentionMs }
    const batch = bytes.subarray(start, end)
    const kept = filterBatch(batch, rules, {
      mayGo,
      staysEmpty: staysEmpty || this.#isLastOfProducer(bytes, start),
    })
    if (kept !== batch) this.#changeCount += 1
    return kept
  }

  /**
   * The aborted transactions that readers of what was kept have to be told of, of those whose markers `keep`
   * has met since this was last asked, in the order of the markers.
   */
  takeAborted(): AbortedSpan[] {
    return this.#keeping.takeNeeded()
  }

  /** Gives its memory back; nothing can be asked of it any more. */
  release(): void {
    this.#map.release()
  }

  /** The offset of the last record that was learnt; `lastOffset` when all were. */
  #learnRecords(bytes: Buffer, start: number, end: number, lastOffset: number): number {
    const codec = codecOf(attributesOf(bytes, start))
    const body = bytes.subarray(start + batchHeaderSize, end)
    const baseOffset = baseOffsetOf(bytes, start)
    const records = decompress(codec, body, unfoldedSizeMax)
    const walk = new RecordWalk(records, recordCountOf(bytes, start))
    let reached = this.#latestOffset
    while (walk.next()) {
      const offset = baseOffset + walk.offsetDelta
      if (walk.keySize >= 0 && offset >= this.#options.firstDirtyOffset) {
        const { keyStart, keySize } = walk
        if (!this.#map.put(records, keyStart, keyStart + keySize, offset)) return reached
      }
      reached = offset
    }
    return lastOffset
  }

  #isLastOfProducer(bytes: Buffer, start: number): boolean {
    const last = this.#producers.get(producerIdOf(bytes, start))
    if (!last) return false
    if (last.lastOffset >= 0) return last.lastOffset === lastOffsetOf(bytes, start)
    return (
      isControl(attributesOf(bytes, start)) && producerEpochOf(bytes, start) === last.producerEpoch
    )
  }
}
