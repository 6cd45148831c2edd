import { Fetch } from '#protocol'
import { fetchRequest, readBatches, type Topic, WireClient } from '#testing'
import { BrokenPromise } from './check.ts'
import { isClosed } from './producer.ts'

/** A reader at a partition's end, as consumers are: what it was shown must never be taken back. */
export class Watcher {
  readonly topic: Topic
  readonly partition: number
  #highWatermark = 0
  #offset = 0

  constructor(topic: Topic, partition: number) {
    this.topic = topic
    this.partition = partition
  }

  /** Reads on, waiting for more, until the connection ends. */
  async run(port: number): Promise<void> {
    const client = await WireClient.connect(port).catch(() => undefined)
    if (!client) return
    try {
      while (true) await this.#read(client)
    } catch (error) {
      client.close()
      if (!isClosed(error)) throw error
    }
  }

  async #read(client: WireClient): Promise<void> {
    const options = { offset: this.#offset, maxWaitMs: 10_000 }
    const request = fetchRequest(this.topic, this.partition, options)
    const { responses } = await client.request(Fetch, 18, request)
    const { errorCode, highWatermark, records } = responses[0]!.partitions[0]!
    const name = `${this.topic.name}-${this.partition}`
    if (errorCode !== 0)
      throw new BrokenPromise(`${name}: a reader at ${this.#offset} got error code ${errorCode}`)
    if (highWatermark < this.#highWatermark)
      throw new BrokenPromise(
        `${name}: the high watermark went from ${this.#highWatermark} to ${highWatermark}`,
      )
    this.#highWatermark = highWatermark
    for (const { baseOffset, endOffset } of readBatches(records ?? Buffer.alloc(0))) {
      if (baseOffset !== this.#offset || endOffset > highWatermark)
        throw new BrokenPromise(
          `${name}: a reader at ${this.#offset} got ${baseOffset} to ${endOffset - 1} under ${highWatermark}`,
        )
      this.#offset = endOffset
    }
  }
}
