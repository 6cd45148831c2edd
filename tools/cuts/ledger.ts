// What the world outside knows of one partition: what was sent, what was acknowledged, what was seen. After
// a cut the log is held against it.
import { BrokenPromise } from '../torture/check.ts'

/** A record as it was sent: its id is its value, and stands nowhere else. */
export interface SentRecord {
  id: string
  timestampMs: number
}

/** A record as it was read. */
export interface FoundRecord extends SentRecord {
  offset: number
}

/** Whether what was found is a marker that ends a transaction: of those others keep the books. */
export const isMarker = ({ id }: FoundRecord): boolean => /^(commit|abort) /.test(id)

/** A batch that was sent, and what became of it. */
export interface SentBatch {
  records: readonly SentRecord[]
  /** Its producer's numbers; undefined for one that has none. */
  producer: { producerId: number; baseSequence: number } | undefined
  /** The offset it was durably acknowledged at. */
  acknowledgedAt?: number
}

/** The partition as a reader finds it after a cut. */
export interface FoundLog {
  logStart: number
  end: number
  damaged: boolean
  records: readonly FoundRecord[]
}

export class Ledger {
  readonly name: string
  readonly batches: SentBatch[] = []
  readonly #sent = new Map<string, SentRecord>()
  /** What readers have seen, by offset: no cut may take it back. */
  readonly #seen = new Map<number, string>()
  /** Where the log was durably told to begin, and where it has been asked to. */
  logStart = 0
  logStartAsked = 0
  seenEnd = 0

  constructor(name: string) {
    this.name = name
  }

  sent(batch: SentBatch): void {
    this.batches.push(batch)
    for (const record of batch.records) this.#sent.set(record.id, record)
  }

  /** Readers saw these records, below this high watermark. */
  saw(records: readonly FoundRecord[], highWatermark: number): void {
    for (const record of records) this.#see(record)
    this.seenEnd = Math.max(this.seenEnd, highWatermark)
  }

  /** Holds what is there after a cut against all this; throws a `BrokenPromise`. */
  check(found: FoundLog): void {
    const { logStart, end, records } = found
    if (found.damaged) this.#broken('it is said to be damaged, and nothing was')
    if (logStart < this.logStart || logStart > this.logStartAsked)
      this.#broken(`it begins at ${logStart}, not from ${this.logStart} to ${this.logStartAsked}`)
    if (end < this.seenEnd) this.#broken(`it ends at ${end}, and readers saw up to ${this.seenEnd}`)
    const byOffset = new Map<number, FoundRecord>()
    const ids = new Set<string>()
    let next = logStart
    for (const record of records) {
      if (record.offset < logStart) continue
      if (record.offset !== next) this.#broken(`offset ${record.offset} follows ${next - 1}`)
      if (ids.has(record.id) && !isMarker(record))
        this.#broken(`record ${record.id} is there twice`)
      ids.add(record.id)
      byOffset.set(record.offset, record)
      this.#see(record)
      next += 1
    }
    if (next !== end) this.#broken(`it ends at ${end}, and its last record is ${next - 1}`)
    for (const batch of this.batches) this.#checkAcknowledged(batch, logStart, byOffset)
    this.seenEnd = end
  }

  #checkAcknowledged(
    { records, acknowledgedAt }: SentBatch,
    logStart: number,
    byOffset: ReadonlyMap<number, FoundRecord>,
  ): void {
    if (acknowledgedAt === undefined) return
    records.forEach(({ id }, index) => {
      const offset = acknowledgedAt + index
      if (offset >= logStart && byOffset.get(offset)?.id !== id)
        this.#broken(
          `record ${id} was acknowledged at ${offset}, where ${byOffset.get(offset)?.id} is`,
        )
    })
  }

  #see(record: FoundRecord): void {
    const { offset, id, timestampMs } = record
    const sent = this.#sent.get(id)
    if (!isMarker(record)) {
      if (!sent) this.#broken(`record ${id} at ${offset} was never sent`)
      if (sent.timestampMs !== timestampMs)
        this.#broken(`record ${id} has another time than it had`)
    }
    const before = this.#seen.get(offset)
    if (before !== undefined && before !== id)
      this.#broken(`offset ${offset} held ${before} and now holds ${id}`)
    this.#seen.set(offset, id)
  }

  #broken(what: string): never {
    throw new BrokenPromise(`${this.name}: ${what}`)
  }
}
