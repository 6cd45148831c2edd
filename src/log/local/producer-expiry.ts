import type { Clock, Timer } from '#world'
import type { Partition } from './partition.ts'
import type { LocalLogSettings } from './settings.ts'

/** Forgets producers that were silent for too long, from time to time. */
export class ProducerExpiry {
  readonly #clock: Clock
  readonly #partitions: () => Iterable<Partition>
  readonly #settings: LocalLogSettings
  #timer: Timer | undefined

  constructor(clock: Clock, partitions: () => Iterable<Partition>, settings: LocalLogSettings) {
    this.#clock = clock
    this.#partitions = partitions
    this.#settings = settings
  }

  start(): void {
    const { producerExpirationMs, producerExpirationCheckMs } = this.#settings
    this.#timer = this.#clock.after(producerExpirationCheckMs, () => {
      const sinceMs = this.#clock.nowMs() - producerExpirationMs
      for (const partition of this.#partitions()) partition.producers.expire(sinceMs)
      this.start()
    })
  }

  close(): void {
    this.#timer?.cancel()
  }
}
