/** A timer that was set and may still be cancelled. */
export interface Timer {
  cancel(): void
}

/** Time, and everything that happens later. */
export interface Clock {
  /** Wall-clock time in milliseconds since the Unix epoch; it may jump. */
  nowMs(): number
  /** Milliseconds that never go backwards, from an arbitrary origin, with fractions. */
  monotonicMs(): number
  /** Runs `task` once after `delayMs`. A pending timer keeps no process alive. */
  after(delayMs: number, task: () => void): Timer
  /** Runs `task` when the events of this turn of the loop have been seen. */
  endOfTurn(task: () => void): void
}

/** Resolves when the events of this turn of the loop have been seen. */
export const nextTurn = (clock: Clock): Promise<void> =>
  new Promise((resolve) => clock.endOfTurn(resolve))

/** Node takes a longer delay for one of a millisecond. */
const delayMsMax = 0x7fffffff

/** The machine's own clock. */
export const realClock: Clock = {
  nowMs: Date.now,
  monotonicMs: () => performance.now(),
  after(delayMs, task) {
    const handle = setTimeout(task, Math.min(delayMs, delayMsMax))
    handle.unref()
    return { cancel: () => clearTimeout(handle) }
  },
  endOfTurn: (task) => {
    setImmediate(task)
  },
}
