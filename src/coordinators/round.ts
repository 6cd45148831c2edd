/** Whoever waits for an answer. */
export interface Waiter<Reply> {
  resolve(reply: Reply): void
  reject(error: Error): void
}

/** An answer that waits until what it has seen is durable. */
export interface Answer<Reply> {
  readonly waiter: Waiter<Reply>
  readonly reply: Reply
}

interface Part<Reply, Change> {
  readonly changes: Change[]
  readonly answers: Answer<Reply>[]
  readonly notes: Waiter<void>[]
}

/** What is stored together: the changes of many commands and ids, and the answers that wait for them. */
export class Round<Entry, Reply, Change> {
  readonly number: number
  readonly #parts = new Map<Entry, Part<Reply, Change>>()
  readonly #whenOver: (() => void)[] = []

  constructor(number: number) {
    this.number = number
  }

  get isDirty(): boolean {
    return this.#parts.size > 0
  }

  add(entry: Entry, changes: readonly Change[]): void {
    const part = this.#parts.get(entry)
    if (part) part.changes.push(...changes)
    else this.#parts.set(entry, { changes: [...changes], answers: [], notes: [] })
  }

  /** Only of an entry that the round writes. */
  answerLater(entry: Entry, answer: Answer<Reply>): void {
    this.#parts.get(entry)!.answers.push(answer)
  }

  /** Tells someone when the round is durable; only of an entry that it writes. */
  note(entry: Entry, waiter: Waiter<void>): void {
    this.#parts.get(entry)!.notes.push(waiter)
  }

  /** Calls when the round is over, however it went. */
  whenOver(task: () => void): void {
    this.#whenOver.push(task)
  }

  end(): void {
    for (const task of this.#whenOver.splice(0)) task()
  }

  changes(): Change[] {
    const all: Change[] = []
    for (const { changes } of this.#parts.values()) for (const change of changes) all.push(change)
    return all
  }

  entries(): Iterable<Entry> {
    return this.#parts.keys()
  }

  /** Gives all answers. */
  settle(): void {
    for (const { answers, notes } of this.#parts.values()) {
      for (const { waiter, reply } of answers) waiter.resolve(reply)
      for (const waiter of notes) waiter.resolve()
    }
  }

  /** Forgets what was to be written of an entry, and tells who waits. */
  fail(entry: Entry, error: Error): void {
    const part = this.#parts.get(entry)
    for (const { waiter } of part?.answers ?? []) waiter.reject(error)
    for (const waiter of part?.notes ?? []) waiter.reject(error)
    this.#parts.delete(entry)
  }
}
