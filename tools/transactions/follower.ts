import { fetchCommitted, type Requesting, type Topic, takeCommitted } from '#testing'
import { BrokenPromise } from '../torture/check.ts'
import type { Observer, Poll } from './observation.ts'

/** Reads what is committed in one partition, on and on; what it has seen must stay so. */
export class Follower {
  readonly topic: Topic
  readonly partition: number
  readonly values: string[] = []
  readonly #polls: Poll[] = []
  readonly #observer: Observer
  lastStable = 0
  readonly #aborted = new Set<number>()
  #offset = 0

  constructor(topic: Topic, partition: number, observer: Observer) {
    this.#observer = observer
    this.topic = topic
    this.partition = partition
  }

  /** Fetches once; says whether it has come to the end. */
  async follow(client: Requesting): Promise<boolean> {
    const answer = await fetchCommitted(client, this.topic, this.partition, this.#offset)
    const { lastStableOffset, highWatermark } = answer
    if (lastStableOffset < this.lastStable)
      throw new BrokenPromise(
        `${this.name}: the last stable offset went back from ${this.lastStable} to ${lastStableOffset}`,
      )
    this.lastStable = lastStableOffset
    const { records, endOffset } = takeCommitted(answer, this.#aborted)
    this.values.push(...records.map(({ value }) => value))
    const seen = records.map((record) => ({ log: this.name, ...record }))
    this.#polls.push({ at: this.#observer.now(), records: seen, assigned: [] })
    this.#offset = endOffset ?? this.#offset
    return this.#offset >= highWatermark
  }

  /** All that it has read. */
  get polls(): readonly Poll[] {
    return this.#polls
  }

  /** Where it stands. */
  get offset(): number {
    return this.#offset
  }

  /** The log that it follows. */
  get name(): string {
    return `${this.topic.name}-${this.partition}`
  }
}
