// Fetches that wait for bytes. Each waits on its partitions and is woken by what makes them readable,
// counted once a turn and partition, or by its own time; nothing polls.
import type { Movement, PartitionId } from '#log'
import type { Uuid } from '#model'
import type { Clock, Timer } from '#world'

/** A fetch to be parked. */
export interface Wait {
  partitions: readonly PartitionId[]
  /** Bytes that must become readable, beyond what there is now, before it is worth an answer. */
  missingBytes: number
  maxWaitMs: number
  /** Looks again when enough has moved; returns what is still missing, 0 or less to be woken. */
  recount(): number
}

interface Parked {
  wait: Wait
  missingBytes: number
  timer: Timer | undefined
  wake(): void
}

/** All parked fetches of a broker. */
export class FetchWaits {
  readonly #clock: Clock
  /** By topic id and number: a key of both would be made anew for each of a thousand partitions a turn. */
  readonly #byTopic = new Map<Uuid, Map<number, Set<Parked>>>()
  readonly #all = new Set<Parked>()
  #closed = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get count(): number {
    return this.#all.size
  }

  /** Parks a fetch; the promise settles when it is to be answered, and `cancel` lets go of it. */
  park(wait: Wait): { woken: Promise<void>; cancel(): void } {
    let resolve: () => void = () => undefined
    const woken = new Promise<void>((settle) => {
      resolve = settle
    })
    const parked: Parked = {
      wait,
      missingBytes: wait.missingBytes,
      timer: undefined,
      wake: () => {
        this.#remove(parked)
        resolve()
      },
    }
    if (this.#closed) parked.wake()
    else this.#add(parked)
    return { woken, cancel: parked.wake }
  }

  /** Wakes those for whom the movements are enough. */
  moved(movements: readonly Movement[]): void {
    for (const movement of movements) {
      const waiting = this.#byTopic.get(movement.topicId)?.get(movement.partition)
      if (!waiting) continue
      for (const parked of [...waiting]) {
        parked.missingBytes -= movement.readableBytes
        if (movement.disturbed) parked.wake()
        else if (parked.missingBytes <= 0) {
          parked.missingBytes = parked.wait.recount()
          if (parked.missingBytes <= 0) parked.wake()
        }
      }
    }
  }

  /** Wakes everyone, now and from now on: the broker stops. */
  close(): void {
    this.#closed = true
    for (const parked of [...this.#all]) parked.wake()
  }

  #add(parked: Parked): void {
    this.#all.add(parked)
    for (const { topicId, partition } of parked.wait.partitions) {
      const ofTopic = this.#byTopic.get(topicId) ?? new Map<number, Set<Parked>>()
      const waiting = ofTopic.get(partition) ?? new Set()
      this.#byTopic.set(topicId, ofTopic.set(partition, waiting.add(parked)))
    }
    parked.timer = this.#clock.after(parked.wait.maxWaitMs, parked.wake)
  }

  #remove(parked: Parked): void {
    parked.timer?.cancel()
    if (!this.#all.delete(parked)) return
    for (const { topicId, partition } of parked.wait.partitions) {
      const ofTopic = this.#byTopic.get(topicId)
      const waiting = ofTopic?.get(partition)
      waiting?.delete(parked)
      if (waiting?.size === 0) ofTopic!.delete(partition)
      if (ofTopic?.size === 0) this.#byTopic.delete(topicId)
    }
  }
}
