import type { Time } from '../runtime.ts'

/** Those who wait for a transaction to be over; as many as there are requests being served. */
export class Waits {
  readonly #time: Time
  readonly #waiting = new Map<string, Set<() => void>>()

  constructor(time: Time) {
    this.#time = time
  }

  /** Resolves when the transaction of an id is over, and after `delayMs` in any case. */
  over(id: string, delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const waiting = this.#waiting.get(id) ?? new Set()
      this.#waiting.set(id, waiting)
      const finish = (): void => {
        timer.cancel()
        waiting.delete(finish)
        if (waiting.size === 0 && this.#waiting.get(id) === waiting) this.#waiting.delete(id)
        resolve()
      }
      const timer = this.#time.after(delayMs, finish)
      waiting.add(finish)
    })
  }

  end(id: string): void {
    for (const finish of this.#waiting.get(id) ?? []) finish()
  }
}
