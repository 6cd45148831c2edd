import type { Clock } from '#world'

/** Keeps reading and writing within a rate. */
export class Throttle {
  readonly #clock: Clock
  readonly #bytesPerSecondMax: number
  readonly #startedMs: number
  #bytes = 0

  constructor(clock: Clock, bytesPerSecondMax: number) {
    this.#clock = clock
    this.#bytesPerSecondMax = bytesPerSecondMax
    this.#startedMs = clock.monotonicMs()
  }

  async spend(bytes: number): Promise<void> {
    this.#bytes += bytes
    const dueMs = this.#startedMs + (this.#bytes / this.#bytesPerSecondMax) * 1000
    const waitMs = dueMs - this.#clock.monotonicMs()
    if (waitMs >= 1)
      await new Promise<void>((resolve) => this.#clock.after(waitMs, () => resolve()))
  }
}
