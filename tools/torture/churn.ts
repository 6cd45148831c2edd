// Topics that come and go while the broker is killed: one whose creation was acknowledged is there
// afterwards, with its id and its record; one whose deletion was acknowledged is not.
import { buildBatch } from '#records'
import {
  createTopic,
  deleteTopic,
  listTopics,
  produceBatch,
  readOnce,
  type SeededRandom,
  type Topic,
  WireClient,
} from '#testing'
import { BrokenPromise } from './check.ts'
import { isClosed } from './producer.ts'

/** The fate of a topic as far as the broker has told. */
interface Fate {
  topic: Topic | undefined
  /** `unsure`: it was asked for something and the broker died before it answered. */
  state: 'there' | 'gone' | 'unsure'
  /** The value of the one record in it, once that is acknowledged. */
  written: string | undefined
}

const topicsMax = 12
const prefix = 'churn-'

/** Makes and deletes topics. */
export class Churn {
  readonly #random: SeededRandom
  readonly #fates = new Map<string, Fate>()
  #made = 0

  constructor(random: SeededRandom) {
    this.#random = random
  }

  get madeCount(): number {
    return this.#made
  }

  /** Makes and deletes topics until the connection ends. */
  async run(port: number): Promise<void> {
    const client = await WireClient.connect(port).catch(() => undefined)
    if (!client) return
    try {
      while (true) await this.#step(client)
    } catch (error) {
      client.close()
      if (!isClosed(error)) throw error
    }
  }

  /** Holds the topics that there are against those that there must be. */
  async check(client: WireClient): Promise<void> {
    const listed = new Map((await listTopics(client)).map((topic) => [topic.name, topic]))
    for (const name of listed.keys())
      if (name.startsWith(prefix) && !this.#fates.has(name))
        throw new BrokenPromise(`topic ${name} is there and was never made, or was deleted`)
    for (const [name, fate] of this.#fates) {
      const topic = listed.get(name)
      if (fate.state === 'there' && !topic)
        throw new BrokenPromise(`topic ${name} was made, and is not there`)
      if (fate.state === 'gone' && topic)
        throw new BrokenPromise(`topic ${name} was deleted, and is there`)
      if (!topic) this.#fates.delete(name)
      else if (fate.topic && fate.topic.topicId !== topic.topicId)
        throw new BrokenPromise(`topic ${name} had id ${fate.topic.topicId}, now ${topic.topicId}`)
      else {
        fate.topic = topic
        fate.state = 'there'
        await this.#checkRecord(client, fate)
      }
    }
  }

  async #checkRecord(client: WireClient, { topic, written }: Fate): Promise<void> {
    if (written === undefined) return
    const { batches } = await readOnce(client, topic!)
    const value = batches[0]?.records[0]?.value?.toString()
    if (value !== written)
      throw new BrokenPromise(`topic ${topic!.name} holds ${value} and ${written} was acknowledged`)
  }

  async #step(client: WireClient): Promise<void> {
    const there = [...this.#fates.entries()].filter(([, { state }]) => state === 'there')
    if (there.length >= topicsMax || (there.length > 0 && this.#random.chance(0.4))) {
      const [name, fate] = this.#random.pick(there)
      fate.state = 'unsure'
      await deleteTopic(client, { name, topicId: fate.topic!.topicId })
      // A topic of this name is not made again: were it there later, it would have come back.
      fate.state = 'gone'
      return
    }
    this.#made += 1
    const name = `${prefix}${this.#made}`
    const fate: Fate = { topic: undefined, state: 'unsure', written: undefined }
    this.#fates.set(name, fate)
    fate.topic = await createTopic(client, name, { partitions: this.#random.between(1, 3) })
    fate.state = 'there'
    const value = Buffer.from(`${name} ${this.#random.below(1e9)}`)
    await produceBatch(client, fate.topic, buildBatch([{ timestampMs: 0, key: null, value }]))
    fate.written = value.toString()
  }
}
