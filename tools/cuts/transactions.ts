// What the world outside knows of the transactions in one partition. A producer writes, and its marker ends
// what it wrote; after a cut the order of records and markers in the log says what readers of committed
// records have to see, and where they have to stop.
import type { Append, Bounds, LogEngine, PartitionId, TransactionMarker } from '#log'
import { buildBatch } from '#records'
import { BrokenPromise } from '../torture/check.ts'
import {
  type FoundRecord,
  isMarker,
  type Ledger,
  type SentBatch,
  type SentRecord,
} from './ledger.ts'
import { markerId, readCommitted } from './reading.ts'

/** A marker that was durably acknowledged. */
interface AcknowledgedMarker {
  id: string
  /** Its offset is at or behind it. */
  offsetMin: number
}

export class PartitionTransactions {
  readonly #ledger: Ledger
  /** Records of transactions, and whose they are. */
  readonly #producers = new Map<string, number>()
  readonly #acknowledged: AcknowledgedMarker[] = []
  /** The markers that somebody may have written. */
  readonly #asked = new Set<string>()
  /** The last stable offset that readers were told. */
  #stableSeen = 0
  readonly #committedSeen = new Set<number>()
  #producerId: number | undefined
  #epoch = 0
  #nextSequence = 0
  #state: 'none' | 'open' | 'ending' = 'none'

  constructor(ledger: Ledger) {
    this.#ledger = ledger
  }

  get hasProducer(): boolean {
    return this.#producerId !== undefined
  }

  get isOpen(): boolean {
    return this.#state === 'open'
  }

  /** A new producer; undefined when a cut has ended the one before. */
  begin(producerId: number | undefined): void {
    this.#producerId = producerId
    this.#epoch = 0
    this.#nextSequence = 0
    this.#state = 'none'
  }

  /** A batch of the open transaction, which it may begin; undefined while the one before ends. */
  batch(id: PartitionId, records: readonly SentRecord[]): [Append, SentBatch] | undefined {
    const producerId = this.#producerId
    if (producerId === undefined || this.#state === 'ending') return undefined
    const [epoch, baseSequence] = [this.#epoch, this.#nextSequence]
    this.#nextSequence += records.length
    this.#state = 'open'
    const batch: SentBatch = { records, producer: undefined }
    this.#ledger.sent(batch)
    for (const record of records) this.#producers.set(record.id, producerId)
    // A start aborts what it finds open and nobody answers for.
    this.#asked.add(markerId(false, producerId, epoch))
    const bytes = buildBatch(
      records.map(({ id: value, timestampMs }) => ({
        timestampMs,
        key: null,
        value: Buffer.from(value),
      })),
      { producerId, producerEpoch: epoch, baseSequence, isTransactional: true },
    )
    const guard = () => (this.#epoch === epoch && this.isOpen ? null : 'INVALID_TXN_STATE')
    return [{ ...id, records: bytes, transaction: { version: 2, guard } }, batch]
  }

  /** The marker that ends the open transaction, to be written now; and what to do when it is. */
  end(id: PartitionId, commit: boolean): { marker: TransactionMarker; acknowledge: () => void } {
    const producerId = this.#producerId!
    const epoch = this.#epoch + 1
    this.#state = 'ending'
    const name = markerId(commit, producerId, epoch)
    this.#asked.add(name)
    const offsetMin = this.#ledger.seenEnd
    return {
      marker: { ...id, producerId, epoch, commit, version: 2 },
      acknowledge: () => {
        this.#acknowledged.push({ id: name, offsetMin })
        if (this.#producerId !== producerId) return
        this.#epoch = epoch
        this.#nextSequence = 0
        this.#state = 'none'
      },
    }
  }

  /** Readers saw these records as committed: they are for ever. */
  sawCommitted(records: readonly FoundRecord[]): void {
    for (const { offset } of records) this.#committedSeen.add(offset)
  }

  /** Readers were told of a last stable offset; one that a log start has moved up may go back with that. */
  saw({ lastStable, logStart }: Bounds): void {
    if (lastStable > logStart) this.#stableSeen = Math.max(this.#stableSeen, lastStable)
  }

  /** Holds the log against all this, `records` being all that is in it. Throws a `BrokenPromise`. */
  async check(logs: LogEngine, id: PartitionId, records: readonly FoundRecord[]): Promise<void> {
    const { logStart, end, lastStable } = logs.bounds(id)!
    const states = this.#statesOf(records)
    const open = logs.openTransactions(id)
    // What was before the log start is known no more; retention may have moved it since the records were read.
    for (const [producerId, { firstOffset, state }] of states)
      if (
        firstOffset >= logStart &&
        state === 'open' &&
        !open.some((each) => each.producerId === producerId)
      )
        this.#broken(`the transaction of ${producerId} at ${firstOffset} is not known to be open`)
    for (const { producerId, firstOffset } of open) {
      const ours = states.get(producerId)
      if (firstOffset >= logStart && (ours?.state !== 'open' || ours.firstOffset !== firstOffset))
        this.#broken(`the transaction of ${producerId} at ${firstOffset} is not open any more`)
    }
    const first = Math.min(end, ...open.map(({ firstOffset }) => firstOffset))
    if (lastStable !== Math.max(first, logStart))
      this.#broken(`its last stable offset is ${lastStable}, not ${Math.max(first, logStart)}`)
    if (lastStable < this.#stableSeen)
      this.#broken(`its last stable offset was ${this.#stableSeen} and is ${lastStable}`)
    this.#checkMarkers(records, logStart)
    const committed = await readCommitted(logs, id, logStart)
    const expected = this.#committedOf(records).filter(({ offset }) => offset < lastStable)
    // Retention may have come between.
    const from = logs.bounds(id)!.logStart
    const offsetsOf = (each: readonly FoundRecord[]): number[] =>
      each.map(({ offset }) => offset).filter((offset) => offset >= from)
    const [seen, wanted] = [offsetsOf(committed), offsetsOf(expected)]
    for (const offset of this.#committedSeen)
      if (offset >= from && !wanted.includes(offset))
        this.#broken(`the record at ${offset} was seen as committed, and is not`)
    if (String(seen) !== String(wanted))
      this.#broken(`readers of committed records see ${seen}, and have to see ${wanted}`)
  }

  /** Of each producer the last transaction that there is something of. */
  #statesOf(
    records: readonly FoundRecord[],
  ): Map<number, { firstOffset: number; state: 'open' | 'ended' }> {
    const states = new Map<number, { firstOffset: number; state: 'open' | 'ended' }>()
    for (const { id, offset } of records) {
      const marked = producerOfMarker(id)
      const writing = this.#producers.get(id)
      if (marked !== undefined) states.set(marked, { firstOffset: offset, state: 'ended' })
      else if (writing !== undefined && states.get(writing)?.state !== 'open')
        states.set(writing, { firstOffset: offset, state: 'open' })
    }
    return states
  }

  /** All but markers and what was aborted, or is not decided. */
  #committedOf(records: readonly FoundRecord[]): FoundRecord[] {
    const committed: FoundRecord[] = []
    const undecided = new Map<number, FoundRecord[]>()
    for (const record of records) {
      const marked = producerOfMarker(record.id)
      const writing = this.#producers.get(record.id)
      if (marked !== undefined) {
        if (record.id.startsWith('commit')) committed.push(...(undecided.get(marked) ?? []))
        undecided.delete(marked)
      } else if (writing === undefined) committed.push(record)
      else undecided.set(writing, [...(undecided.get(writing) ?? []), record])
    }
    return committed.sort((a, b) => a.offset - b.offset)
  }

  #checkMarkers(records: readonly FoundRecord[], logStart: number): void {
    for (const record of records)
      if (isMarker(record) && !this.#asked.has(record.id))
        this.#broken(`the marker ${record.id} at ${record.offset} was never asked for`)
    const ids = new Set(records.map(({ id }) => id))
    for (const { id, offsetMin } of this.#acknowledged)
      if (!ids.has(id) && logStart <= offsetMin)
        this.#broken(`the marker ${id} was acknowledged and is gone`)
  }

  #broken(what: string): never {
    throw new BrokenPromise(`${this.#ledger.name}: ${what}`)
  }
}

const producerOfMarker = (id: string): number | undefined => {
  const found = /^(?:commit|abort) (\d+)\/\d+$/.exec(id)
  return found ? Number(found[1]) : undefined
}
