// A reader that costs so little that the broker is what is measured: it finds where to go on in the headers of
// batches, and looks at no record.
import { Fetch } from '#protocol'
import { fetchRequest, WireClient } from '#testing'

const version = 18
/** As much of a partition as clients ask for by default. */
const bytesMax = 1024 * 1024

/** A connection that reads one partition on and on. */
export class Reader {
  readonly #client: WireClient
  readonly #topic: { name: string; topicId: string }
  readonly #partition: number
  /** The next offset. */
  offset = 0
  /** Bytes of batches so far. */
  bytes = 0

  private constructor(client: WireClient, topicId: string, partition: number) {
    this.#client = client
    this.#topic = { name: '', topicId }
    this.#partition = partition
  }

  static async of(port: number, topicId: string, partition: number): Promise<Reader> {
    return new Reader(await WireClient.connect(port), topicId, partition)
  }

  /** Reads until it is at an offset, and then waits no more. */
  async readTo(offset: number): Promise<void> {
    while (this.offset < offset) await this.#read()
  }

  close(): void {
    this.#client.close()
  }

  async #read(): Promise<void> {
    const { responses } = await this.#client.request(
      Fetch,
      version,
      fetchRequest(this.#topic, this.#partition, {
        ...{ offset: this.offset, maxWaitMs: 500, partitionMaxBytes: bytesMax },
      }),
    )
    const found = responses[0]?.partitions[0]
    if (!found) return
    if (found.errorCode !== 0) throw new Error(`a fetch failed with ${found.errorCode}`)
    const { records } = found
    if (records) this.#goOn(Buffer.from(records.buffer, records.byteOffset, records.byteLength))
  }

  #goOn(batches: Buffer): void {
    let position = 0
    while (position + 61 <= batches.length) {
      const size = 12 + batches.readInt32BE(position + 8)
      // Kafka cuts the last batch where the bytes are at their bound.
      if (position + size > batches.length) break
      this.offset =
        Number(batches.readBigInt64BE(position)) + batches.readInt32BE(position + 23) + 1
      position += size
    }
    this.bytes += position
  }
}
