// The shape that every coordinator's machine has: two pure functions, `decide` and `apply`.

/** An answer to a command that was parked earlier. */
export interface Settled<Reply> {
  /** The number that the runtime gave the command. */
  readonly ticket: number
  readonly reply: Reply
}

/** What a machine decides: what happens, what is said now or to whom it was owed, and when to wake it. */
export interface Decision<Event, Reply> {
  readonly events: readonly Event[]
  /** Null parks the command: a later decision settles its ticket. */
  readonly reply: Reply | null
  readonly settled?: readonly Settled<Reply>[]
  /** In ms; null when nothing is waited for. */
  readonly wakeAt: number | null
}
