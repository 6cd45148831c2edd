import type { Clock } from '#world'
import type { Movement, PartitionId } from './engine.ts'

/** Gathers what moved in one turn of the event loop, and tells it once when the turn ends. */
export class Movements<Key> {
  readonly #clock: Clock
  readonly #moved = new Map<Key, Movement>()
  #listener: (movements: readonly Movement[]) => void = () => undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  listen(listener: (movements: readonly Movement[]) => void): void {
    this.#listener = listener
  }

  /** Notes bytes that became readable, or that readers must look again; `key` stands for the partition. */
  add(key: Key, id: PartitionId, readableBytes: number, disturbed: boolean): void {
    if (this.#moved.size === 0) this.#clock.endOfTurn(() => this.#tell())
    let movement = this.#moved.get(key)
    if (!movement) {
      const { topicId, partition } = id
      movement = { topicId, partition, readableBytes: 0, disturbed: false }
      this.#moved.set(key, movement)
    }
    movement.readableBytes += readableBytes
    movement.disturbed ||= disturbed
  }

  #tell(): void {
    const movements = [...this.#moved.values()]
    this.#moved.clear()
    this.#listener(movements)
  }
}
