// What clients can know of a history of transactions: what they sent and were told, and what they read.

/** A record at its place; every value is sent once only. */
export interface SeenRecord {
  /** A topic and a partition. */
  log: string
  offset: number
  value: string
}

/** A record that was sent; its offset is known when that was acknowledged. */
export type SentRecord = Pick<SeenRecord, 'log' | 'value'> & { offset: number | undefined }

/** `unknown`: the client did not hear what became of it, or did not ask. */
export type Outcome = 'committed' | 'aborted' | 'unknown'

/** A transaction, as its client knows it. */
export interface Operation {
  /** Who made it. One process makes one after the other, in the order that they stand in. */
  process: string
  outcome: Outcome
  /** When its client first asked for its commit, as a number of what happened; undefined when it never did. */
  askedAt: number | undefined
  sent: readonly SentRecord[]
  /** What it read before it sent. */
  read: readonly SeenRecord[]
}

/** What one fetch, or one poll, has brought to a reader of committed records. */
export interface Poll {
  /** When it had come, as a number of what happened. */
  at: number
  records: readonly SeenRecord[]
  /** Logs that the reader may have been given anew before it: it begins there wherever it is told. */
  assigned: readonly string[]
}

/** One who reads on and on. */
export interface Reading {
  name: string
  polls: readonly Poll[]
  /** Where it stands in the end, by log: it has passed everything before. */
  positions: ReadonlyMap<string, number>
}

/** A whole history. */
export interface Observation {
  operations: readonly Operation[]
  readings: readonly Reading[]
  /** All that is committed in the end, in order, by log. */
  final: ReadonlyMap<string, readonly SeenRecord[]>
}

/** Gathers what clients know while a history goes on. */
export class Observer {
  readonly #operations: Operation[] = []
  #happened = 0

  /** A number above those of all that has happened so far. */
  now(): number {
    this.#happened += 1
    return this.#happened
  }

  /** A value's last word, unlike that of any other. */
  unique(): string {
    return String(this.now())
  }

  take(operation: Operation): void {
    this.#operations.push(operation)
  }

  observed(readings: readonly Reading[], final: Observation['final']): Observation {
    return { operations: this.#operations, readings, final }
  }
}
