import { ApiVersions } from '#protocol'
import { buildBatch } from '#records'
import {
  createTopic,
  listTopics,
  produceBatch,
  readOnce,
  readToEnd,
  type SeededRandom,
  type Topic,
  WireClient,
  within,
} from '#testing'

/** Longest that the witness waits for anything. */
const patienceMs = 20_000

/** A well-behaved client: it is served whatever others do, and reads what it wrote. */
export class Witness {
  readonly #random: SeededRandom
  readonly #values: string[] = []
  #client: WireClient | undefined
  #topic: Topic | undefined
  #slowestMs = 0

  constructor(random: SeededRandom) {
    this.#random = random
  }

  /** The longest that one look took. */
  get slowestMs(): number {
    return Math.round(this.#slowestMs)
  }

  get topicName(): string {
    return this.#topic?.name ?? ''
  }

  /** Connects; the topic is made the first time. */
  async begin(port: number): Promise<void> {
    this.#client?.close()
    this.#client = await WireClient.connect(port)
    this.#topic ??= await createTopic(this.#client, 'witness')
  }

  /** Writes a record, reads it back, and sees that a newcomer is let in. */
  async look(port: number): Promise<void> {
    const beganMs = performance.now()
    await within('the witness reads what it wrote', this.#writeAndRead(), patienceMs)
    await within('a newcomer is served', greet(port), patienceMs)
    this.#slowestMs = Math.max(this.#slowestMs, performance.now() - beganMs)
  }

  /** Reads everything that was ever written. */
  async readAll(): Promise<void> {
    const read: string[] = []
    for await (const { batches } of readToEnd(this.#client!, this.#topic!))
      for (const { records } of batches)
        for (const { value } of records) read.push(value?.toString('latin1') ?? '')
    if (read.length !== this.#values.length || read.some((value, at) => value !== this.#values[at]))
      throw new Error(
        `the witness wrote ${this.#values.length} records and reads ${read.length} others`,
      )
  }

  /** Makes a topic with so many bytes in it. */
  async fill(name: string, bytes: number): Promise<Topic> {
    const topic = await createTopic(this.#client!, name)
    const value = this.#random.bytes(500_000)
    for (let written = 0; written < bytes; written += value.length)
      await produceBatch(this.#client!, topic, batchOf(value))
    return topic
  }

  /** Topics that are there beside the witness's own. */
  async others(): Promise<Topic[]> {
    return (await listTopics(this.#client!)).filter(({ name }) => name !== this.topicName)
  }

  get client(): WireClient {
    return this.#client!
  }

  close(): void {
    this.#client?.close()
  }

  async #writeAndRead(): Promise<void> {
    const value = this.#random.bytes(this.#random.between(1, 3000))
    const offset = await produceBatch(this.#client!, this.#topic!, batchOf(value))
    if (offset !== this.#values.length)
      throw new Error(`the witness's record ${this.#values.length} got offset ${offset}`)
    this.#values.push(value.toString('latin1'))
    const { batches } = await readOnce(this.#client!, this.#topic!, 0, { offset })
    if (!batches[0]?.records[0]?.value?.equals(value))
      throw new Error(`the witness reads something else at ${offset} than it wrote`)
  }
}

const batchOf = (value: Buffer): Buffer =>
  buildBatch([{ timestampMs: Date.now(), key: null, value }])

const greet = async (port: number): Promise<void> => {
  const client = await WireClient.connect(port)
  const greeting = { clientSoftwareName: 'witness', clientSoftwareVersion: '1' }
  const { apiKeys } = await client.request(ApiVersions, 4, greeting)
  client.close()
  if (apiKeys.length === 0) throw new Error('a newcomer was told of no API')
}
