// What each producer last wrote to one partition, so that a retry is known for what it is (KIP-98).
//
// A producer numbers its records per partition; a batch carries the number of its first. The next batch
// must go on where the last one ended, wrapping from 2^31 - 1 to 0; one of the last five that comes
// again is a duplicate and gets the offset of the original.
import { kafkaError } from '#model'
import type { BatchFacts } from '#records'
import type {
  AppendTransaction,
  OpenTransaction,
  PartitionId,
  ProducerState,
  TransactionMarker,
} from './engine.ts'
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
  /** Of the last marker that ended a transaction of it, or -1. */
  coordinatorEpoch: number
  /** The first offset of its open transaction, or -1. */
  transactionStart: number
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

/** A producer of which nothing is known yet. */
export const newProducer = (
  producerId: number,
  producerEpoch: number,
  lastSeenMs: number,
): ProducerEntry => ({
  producerId,
  producerEpoch,
  lastSeenMs,
  coordinatorEpoch: -1,
  transactionStart: -1,
  batches: [],
})

/** The producers of one partition, the longest silent first. */
export class ProducerStates {
  readonly #entries = new Map<number, ProducerEntry>()
  /** Producers with an open transaction → its first offset, the earliest first. */
  readonly #open = new Map<number, number>()
  #lastBegun = -1
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

  /** Where the earliest open transaction begins. */
  get firstOpen(): number | undefined {
    return this.#open.values().next().value
  }

  /** The open transactions, that which began first before the others. */
  openTransactions({ topicId, partition }: PartitionId): OpenTransaction[] {
    return [...this.#open].map(([producerId, firstOffset]) => {
      const epoch = this.#entries.get(producerId)!.producerEpoch
      return { topicId, partition, producerId, epoch, firstOffset }
    })
  }

  /** The coordinator's epoch of the last marker of a producer, 0 when there was none. */
  coordinatorEpochOf(producerId: number): number {
    return Math.max(0, this.#entries.get(producerId)?.coordinatorEpoch ?? 0)
  }

  /**
   * The original when the batch is a duplicate, undefined when it may be appended. Throws
   * INVALID_PRODUCER_EPOCH, OUT_OF_ORDER_SEQUENCE_NUMBER, INVALID_TXN_STATE or what the transaction's guard
   * says. A producer nobody knows may begin anywhere, because what was known of it may have expired; not
   * so under version 2 of transactions, where each begins anew.
   */
  check(facts: BatchFacts, transaction?: AppendTransaction): RememberedBatch | undefined {
    const { producerId, producerEpoch, baseSequence, isTransactional } = facts
    const entry = this.#entries.get(producerId)
    if (entry && producerEpoch < entry.producerEpoch)
      throw kafkaError(
        'INVALID_PRODUCER_EPOCH',
        `Producer ${producerId} has epoch ${entry.producerEpoch}, and the batch is of ${producerEpoch}.`,
      )
    const original = entry && originalOf(entry, facts)
    if (original) return original
    const refusal = isTransactional ? transaction?.guard() : undefined
    if (refusal) throw kafkaError(refusal)
    const expected = expectedSequence(entry, facts, transaction)
    if (baseSequence !== expected) throw outOfOrder(producerId, baseSequence, expected)
    if (!isTransactional && this.#open.has(producerId))
      throw kafkaError(
        'INVALID_TXN_STATE',
        `Producer ${producerId} has an open transaction, and the batch is not of it.`,
      )
    return undefined
  }

  /** Throws INVALID_PRODUCER_EPOCH or TRANSACTION_COORDINATOR_FENCED when a marker comes too late. */
  checkMarker({ producerId, epoch, version, coordinatorEpoch }: TransactionMarker): void {
    const entry = this.#entries.get(producerId)
    if (!entry) return
    // A marker that comes again finds its own epoch, and nothing open.
    const isAbove = version === 2 && this.#open.has(producerId)
    if (epoch < entry.producerEpoch || (isAbove && epoch === entry.producerEpoch))
      throw kafkaError(
        'INVALID_PRODUCER_EPOCH',
        `Producer ${producerId} has epoch ${entry.producerEpoch}, and the marker is of ${epoch}.`,
      )
    if (coordinatorEpoch !== undefined && coordinatorEpoch < entry.coordinatorEpoch)
      throw kafkaError('TRANSACTION_COORDINATOR_FENCED')
  }

  /** Ends the transaction of a producer; returns its first offset, or undefined when none was open. */
  mark(
    {
      producerId,
      epoch,
      coordinatorEpoch = this.coordinatorEpochOf(producerId),
    }: Pick<TransactionMarker, 'producerId' | 'epoch' | 'coordinatorEpoch'>,
    nowMs: number,
  ): number | undefined {
    const entry = this.#entryOf(producerId, epoch, nowMs)
    const firstOffset = this.#open.get(producerId)
    entry.coordinatorEpoch = coordinatorEpoch
    entry.transactionStart = -1
    this.restore(entry)
    return firstOffset
  }

  /** Remembers a batch that was appended. */
  add(facts: BatchFacts, baseOffset: number, nowMs: number): void {
    const { producerId, producerEpoch, baseSequence, count, isTransactional } = facts
    const entry = this.#entryOf(producerId, producerEpoch, nowMs)
    if (isTransactional && entry.transactionStart < 0) entry.transactionStart = baseOffset
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
    const { producerId, transactionStart } = entry
    this.#entries.delete(producerId)
    this.#entries.set(producerId, entry)
    if (transactionStart < 0) this.#open.delete(producerId)
    else if (!this.#open.has(producerId)) this.#begin(producerId, transactionStart)
    if (this.#entries.size <= this.#countMax) return
    // One with an open transaction stays: its coordinator's row bounds how many there are.
    for (const oldest of this.#entries.keys())
      if (!this.#open.has(oldest)) {
        this.#entries.delete(oldest)
        return
      }
  }

  /** Forgets who was silent since before `sinceMs`. */
  expire(sinceMs: number): void {
    for (const [id, { lastSeenMs }] of this.#entries) {
      if (lastSeenMs >= sinceMs) return
      if (!this.#open.has(id)) this.#entries.delete(id)
    }
  }

  describe(): ProducerState[] {
    return [...this.#entries.values()].map((entry) => ({
      producerId: entry.producerId,
      producerEpoch: entry.producerEpoch,
      lastSequence: entry.batches.at(-1)?.lastSequence ?? -1,
      lastTimestampMs: entry.lastSeenMs,
      coordinatorEpoch: entry.coordinatorEpoch,
      currentTransactionStart: entry.transactionStart,
    }))
  }

  /** The producer as it is from this epoch on: with another one its sequences begin anew. */
  #entryOf(producerId: number, producerEpoch: number, nowMs: number): ProducerEntry {
    const entry = this.#entries.get(producerId) ?? newProducer(producerId, producerEpoch, nowMs)
    if (entry.producerEpoch !== producerEpoch) entry.batches = []
    entry.producerEpoch = producerEpoch
    entry.lastSeenMs = nowMs
    return entry
  }

  #begin(producerId: number, firstOffset: number): void {
    // Only what is read from a file comes in another order than that of its offsets.
    const isLast = firstOffset > this.#lastBegun
    const later = isLast ? [] : [...this.#open].filter(([, other]) => other > firstOffset)
    this.#lastBegun = Math.max(this.#lastBegun, firstOffset)
    this.#open.set(producerId, firstOffset)
    for (const [id, offset] of later) {
      this.#open.delete(id)
      this.#open.set(id, offset)
    }
  }
}

const originalOf = (
  { producerEpoch, batches }: ProducerEntry,
  facts: BatchFacts,
): RememberedBatch | undefined => {
  if (facts.producerEpoch !== producerEpoch) return undefined
  const lastSequence = lastSequenceOf(facts.baseSequence, facts.count)
  return batches.find(
    (batch) => batch.firstSequence === facts.baseSequence && batch.lastSequence === lastSequence,
  )
}

/** The sequence that a batch has to have; its own where any will do. */
const expectedSequence = (
  entry: ProducerEntry | undefined,
  { producerEpoch, baseSequence, isTransactional }: BatchFacts,
  transaction: AppendTransaction | undefined,
): number => {
  if (!entry) return isTransactional && transaction?.version === 2 ? 0 : baseSequence
  if (producerEpoch > entry.producerEpoch) return 0
  const last = entry.batches.at(-1)
  if (last) return sequenceAfter(last.lastSequence)
  // Of a producer that a marker alone tells of it is known that it has sent nothing under this epoch.
  return entry.coordinatorEpoch >= 0 ? 0 : baseSequence
}

const outOfOrder = (producerId: number, sequence: number, expected: number) =>
  kafkaError(
    'OUT_OF_ORDER_SEQUENCE_NUMBER',
    `Producer ${producerId} sent sequence ${sequence} where ${expected} is next.`,
  )
