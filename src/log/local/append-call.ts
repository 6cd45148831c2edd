import type { KafkaError } from '#model'
import type { AppendOutcome } from '../engine.ts'

/** One call of `append`: it settles when each of its batches has been decided. */
export class AppendCall {
  readonly settled: Promise<readonly AppendOutcome[]>
  readonly #outcomes: AppendOutcome[]
  #left: number
  #resolve: (outcomes: readonly AppendOutcome[]) => void = () => undefined

  constructor(count: number) {
    this.#outcomes = new Array<AppendOutcome>(count)
    this.#left = count
    this.settled = new Promise((resolve) => {
      this.#resolve = resolve
    })
    if (count === 0) this.#resolve(this.#outcomes)
  }

  decide(index: number, outcome: AppendOutcome): void {
    this.#outcomes[index] = outcome
    this.#left -= 1
    if (this.#left === 0) this.#resolve(this.#outcomes)
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
