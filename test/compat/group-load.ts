// A load on a topic that outlives its broker, and a watcher of what a group makes of it.
import { equal } from 'node:assert/strict'
import { errorNameOf } from '#model'
import { ListOffsets, OffsetFetch } from '#protocol'
import { buildBatch } from '#records'
import { produceBatch, type Topic, until, WireClient } from '#testing'
import type { Taken } from './clients/taking.ts'

const recordsPerBatch = 20

/** Connects again and again until there is a broker. */
const connectTo = async (port: () => number): Promise<WireClient> => {
  for (;;)
    try {
      return await WireClient.connect(port())
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
}

/** Writes to all partitions in turn until it is stopped, whatever becomes of the broker. */
export class GroupLoad {
  /** The values that were acknowledged. */
  readonly acknowledged: string[] = []
  readonly #port: () => number
  readonly #topic: Topic
  readonly #partitions: number
  #isStopped = false
  readonly #working: Promise<void>

  constructor(port: () => number, topic: Topic, partitions: number) {
    this.#port = port
    this.#topic = topic
    this.#partitions = partitions
    this.#working = this.#work()
  }

  stop(): Promise<void> {
    this.#isStopped = true
    return this.#working
  }

  async #work(): Promise<void> {
    let client = await connectTo(this.#port)
    for (let count = 0; !this.#isStopped; count += 1) {
      const values = Array.from({ length: recordsPerBatch }, (_, index) => `${count}/${index}`)
      const batch = buildBatch(
        values.map((value) => ({ timestampMs: Date.now(), key: null, value: Buffer.from(value) })),
      )
      try {
        await produceBatch(client, this.#topic, batch, { partition: count % this.#partitions })
        this.acknowledged.push(...values)
      } catch {
        client.close()
        client = await connectTo(this.#port)
      }
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    client.close()
  }
}

/** Hears of every record that any member takes, and looks at the committed offsets all the while. */
export class GroupWatch {
  readonly #port: () => number
  readonly #groupId: string
  readonly #topic: Topic
  /** The offset behind all that has been taken, by partition. */
  readonly #taken: number[]
  readonly #committed: number[]
  readonly #values = new Set<string>()
  /** What went wrong. */
  readonly faults: string[] = []
  #isStopped = false
  readonly #looking: Promise<void>

  constructor(port: () => number, groupId: string, topic: Topic, partitions: number) {
    this.#port = port
    this.#groupId = groupId
    this.#topic = topic
    this.#taken = Array.from({ length: partitions }, () => 0)
    this.#committed = this.#taken.map(() => -1)
    this.#looking = this.#look()
  }

  /** Hears of a record that a member has taken; one that comes before its predecessor is a fault. */
  readonly onRecord = ([, partition, offset, value]: Taken): void => {
    const next = this.#taken[partition]!
    if (offset > next) this.faults.push(`partition ${partition}: ${offset} came before ${next}`)
    this.#taken[partition] = Math.max(next, offset + 1)
    this.#values.add(value)
  }

  /** Resolves when everything up to the ends of the partitions has been taken and committed. */
  async untilAllIsRead(acknowledged: readonly string[]): Promise<void> {
    const client = await connectTo(this.#port)
    const { topics } = await client.request(ListOffsets, 7, {
      replicaId: -1,
      isolationLevel: 0,
      topics: [
        {
          name: this.#topic.name,
          partitions: this.#taken.map((_, partitionIndex) => ({ partitionIndex, timestamp: -1 })),
        },
      ],
    })
    client.close()
    const ends = topics[0]!.partitions.map(({ offset }) => offset)
    const isAt = (reached: readonly number[]): boolean =>
      ends.every((end, partition) => reached[partition]! >= end)
    await until('all has been read', () => isAt(this.#taken), 60_000)
    await until('all has been committed', () => isAt(this.#committed), 60_000)
    equal(acknowledged.filter((value) => !this.#values.has(value)).length, 0, 'records were lost')
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    await this.#looking
  }

  async #look(): Promise<void> {
    let client = await connectTo(this.#port)
    while (!this.#isStopped) {
      try {
        await this.#lookOnce(client)
      } catch {
        client.close()
        client = await connectTo(this.#port)
      }
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    client.close()
  }

  async #lookOnce(client: WireClient): Promise<void> {
    const { groups } = await client.request(OffsetFetch, 8, {
      groups: [{ groupId: this.#groupId, topics: null }],
    })
    if (groups[0]!.errorCode !== 0) throw new Error(errorNameOf(groups[0]!.errorCode))
    for (const { partitions } of groups[0]!.topics)
      for (const { partitionIndex, committedOffset } of partitions) {
        const before = this.#committed[partitionIndex]!
        if (committedOffset < before)
          this.faults.push(`partition ${partitionIndex}: ${before} became ${committedOffset}`)
        if (committedOffset > this.#taken[partitionIndex]!)
          this.faults.push(`partition ${partitionIndex}: ${committedOffset} was not yet taken`)
        this.#committed[partitionIndex] = committedOffset
      }
  }
}
