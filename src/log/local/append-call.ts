import { type KafkaError, kafkaError } from '#model'
import type { Clock } from '#world'
import type { AppendOutcome } from '../engine.ts'
import { deadlineCheckMs } from '../limits.ts'

/** One call of `append`: it settles when each of its batches has been decided. */
export class AppendCall {
  readonly settled: Promise<readonly AppendOutcome[]>
  readonly #outcomes: AppendOutcome[]
  #left: number
  #resolve: (outcomes: readonly AppendOutcome[]) => void = () => undefined
  #deadlines: AppendDeadlines | undefined

  constructor(count: number) {
    this.#outcomes = new Array<AppendOutcome>(count)
    this.#left = count
    this.settled = new Promise((resolve) => {
      this.#resolve = resolve
    })
    if (count === 0) this.#resolve(this.#outcomes)
  }

  get isSettled(): boolean {
    return this.#left === 0
  }

  decide(index: number, outcome: AppendOutcome): void {
    if (this.#outcomes[index]) return
    this.#outcomes[index] = outcome
    this.#left -= 1
    if (this.#left > 0) return
    this.#deadlines?.forget(this)
    this.#resolve(this.#outcomes)
  }

  /** Who is to be told when it settles. */
  watchedBy(deadlines: AppendDeadlines): void {
    this.#deadlines = deadlines
  }

  /** Answers whatever is not decided yet: it may still become durable, or not. */
  expire(): void {
    for (let index = 0; index < this.#outcomes.length; index += 1) this.decide(index, timedOut)
  }
}

const timedOut: AppendOutcome = {
  error: kafkaError('REQUEST_TIMED_OUT'),
  logStart: -1,
  recordFaults: [],
}

/**
 * Ends the waiting of calls whose time is up. One timer looks at all of them: a timer for each call would
 * cost more than the call's own bookkeeping, and nobody needs a timeout to the millisecond.
 */
export class AppendDeadlines {
  readonly #clock: Clock
  readonly #calls = new Map<AppendCall, number>()
  #isWatching = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  add(call: AppendCall, timeoutMs: number): void {
    call.watchedBy(this)
    this.#calls.set(call, this.#clock.monotonicMs() + timeoutMs)
    this.#watch()
  }

  /** A call that has settled is let go of at once: kept until the next look, all of them would grow old. */
  forget(call: AppendCall): void {
    this.#calls.delete(call)
  }

  #watch(): void {
    if (this.#isWatching) return
    this.#isWatching = true
    this.#clock.after(deadlineCheckMs, () => {
      this.#isWatching = false
      const nowMs = this.#clock.monotonicMs()
      for (const [call, deadlineMs] of this.#calls) if (nowMs >= deadlineMs) call.expire()
      if (this.#calls.size > 0) this.#watch()
    })
  }
}

/** A batch whose answer waits until the log has reached an offset. */
export interface AppendWaiter {
  call: AppendCall
  index: number
  end: number
  outcome: AppendOutcome
}

/** Answers all waiters with an error, whatever they had been going to hear. */
export const failWaiters = (
  waiters: readonly AppendWaiter[],
  error: KafkaError,
  logStart: number,
): void => {
  for (const { call, index } of waiters) call.decide(index, { error, logStart, recordFaults: [] })
}

/** Answers the waiters at the front whose offset has been reached, and takes them off. */
export const settleWaiters = (waiters: AppendWaiter[], reached: number): void => {
  let count = 0
  while (count < waiters.length && waiters[count]!.end <= reached) {
    const { call, index, outcome } = waiters[count]!
    call.decide(index, outcome)
    count += 1
  }
  if (count > 0) waiters.splice(0, count)
}
