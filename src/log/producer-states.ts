// What each producer last wrote to one partition, so that a retry is known for what it is (KIP-98).
//
// A producer numbers its records per partition; a batch carries the number of its first. The next batch
// must go on where the last one ended, wrapping from 2^31 - 1 to 0; one of the last five that comes
// again is a duplicate and gets the offset of the original.
import { kafkaError } from '#model'
import type { BatchFacts } from '#records'
import type { ProducerState } from './engine.ts'
import { batchesRememberedMax } from './limits.ts'

/** A batch as its producer numbered it and where it went. */
export interface RememberedBatch {
  firstSequence: number
  lastSequence: number
  baseOffset: number
  lastOffset: number
}

/** One producer in one partition. */
export interface ProducerEntry {
  producerId: number
  producerEpoch: number
  /** The broker's time when it was last heard of. */
  lastSeenMs: number
  /** Oldest first, five at most. */
  batches: RememberedBatch[]
}

const sequenceMax = 0x7fffffff

const sequenceAfter = (sequence: number): number => (sequence === sequenceMax ? 0 : sequence + 1)

/** The number of the last of `count` records, the first being `first`. */
export const lastSequenceOf = (first: number, count: number): number => {
  const last = first + count - 1
  return last > sequenceMax ? last - sequenceMax - 1 : last
}

/** The producers of one partition, the longest silent first. */
export class ProducerStates {
  readonly #entries = new Map<number, ProducerEntry>()
  readonly #countMax: number

  constructor(countMax: number) {
    this.#countMax = countMax
  }

  get size(): number {
    return this.#entries.size
  }

  get entries(): Iterable<ProducerEntry> {
    return this.#entries.values()
  }

  get producerIdMax(): number {
    let largest = -1
    for (const id of this.#entries.keys()) largest = Math.max(largest, id)
    return largest
  }

  /**
   * The original when the batch is a duplicate, undefined when it may be appended. Throws
   * INVALID_PRODUCER_EPOCH or OUT_OF_ORDER_SEQUENCE_NUMBER. A producer nobody knows may begin
   * anywhere: what was known of it may have expired.
   */
  check({
    producerId,
    producerEpoch,
    baseSequence,
    count,
  }: BatchFacts): RememberedBatch | undefined {
    const entry = this.#entries.get(producerId)
    if (!entry) return undefined
    if (producerEpoch < entry.producerEpoch)
      throw kafkaError(
        'INVALID_PRODUCER_EPOCH',
        `Producer ${producerId} has epoch ${entry.producerEpoch}, and the batch is of ${producerEpoch}.`,
      )
    if (producerEpoch > entry.producerEpoch) {
      if (baseSequence !== 0) throw outOfOrder(producerId, baseSequence, 0)
      return undefined
    }
    const lastSequence = lastSequenceOf(baseSequence, count)
    for (const batch of entry.batches)
      if (batch.firstSequence === baseSequence && batch.lastSequence === lastSequence) return batch
    const last = entry.batches.at(-1)
    const expected = last ? sequenceAfter(last.lastSequence) : baseSequence
    if (baseSequence !== expected) throw outOfOrder(producerId, baseSequence, expected)
    return undefined
  }

  /** Remembers a batch that was appended. */
  add(facts: BatchFacts, baseOffset: number, nowMs: number): void {
    const { producerId, producerEpoch, baseSequence, count } = facts
    const known = this.#entries.get(producerId)
    const entry =
      known?.producerEpoch === producerEpoch
        ? known
        : { producerId, producerEpoch, lastSeenMs: nowMs, batches: [] }
    entry.lastSeenMs = nowMs
    if (entry.batches.length === batchesRememberedMax) entry.batches.shift()
    entry.batches.push({
      firstSequence: baseSequence,
      lastSequence: lastSequenceOf(baseSequence, count),
      baseOffset,
      lastOffset: baseOffset + count - 1,
    })
    this.restore(entry)
  }

  /** Puts an entry in the place of what was known of its producer; the longest silent one may go. */
  restore(entry: ProducerEntry): void {
    this.#entries.delete(entry.producerId)
    this.#entries.set(entry.producerId, entry)
    if (this.#entries.size <= this.#countMax) return
    const [oldest] = this.#entries.keys()
    this.#entries.delete(oldest!)
  }

  /** Forgets who was silent since before `sinceMs`. */
  expire(sinceMs: number): void {
    for (const [id, { lastSeenMs }] of this.#entries) {
      if (lastSeenMs >= sinceMs) return
      this.#entries.delete(id)
    }
  }

  describe(): ProducerState[] {
    return [...this.#entries.values()].map(
      ({ producerId, producerEpoch, lastSeenMs, batches }) => ({
        producerId,
        producerEpoch,
        lastSequence: batches.at(-1)?.lastSequence ?? -1,
        lastTimestampMs: lastSeenMs,
        coordinatorEpoch: -1,
        currentTransactionStart: -1,
      }),
    )
  }
}

const outOfOrder = (producerId: number, sequence: number, expected: number) =>
  kafkaError(
    'OUT_OF_ORDER_SEQUENCE_NUMBER',
    `Producer ${producerId} sent sequence ${sequence} where ${expected} is next.`,
  )
