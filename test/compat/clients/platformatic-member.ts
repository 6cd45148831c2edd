// A member of a group by @platformatic/kafka, which commits what it has taken, and joins anew when its
// consumer has failed: that does not try again when the broker goes away in the middle of a rebalance.
import { Consumer, stringDeserializers } from '@platformatic/kafka'
import { memberArguments, stopped, type Taken, take } from './taking.ts'

const { broker, groupId, topics, newer } = memberArguments()
const options = {
  clientId: 'platformatic',
  groupId,
  bootstrapBrokers: [broker],
  sessionTimeout: 6000,
  heartbeatInterval: 200,
  rebalanceTimeout: 10_000,
  maxWaitTime: 100,
}
const pauseMs = 10
const commitEvery = 20

let isStopped = false
void stopped.then(() => {
  isStopped = true
})

class Membership {
  readonly #consumer = new Consumer({
    ...options,
    ...(newer && { groupProtocol: 'consumer' }),
    deserializers: stringDeserializers,
    retries: 100,
    retryDelay: 50,
  })
  /**
   * Commits in the name of the other in the classic protocol. A commit that a rebalance has overtaken is
   * refused, and with retries the client rejoins and sends it again in its new generation: it would
   * overwrite what the partition's next owner has committed in between.
   */
  readonly #committer = new Consumer({ ...options, retries: 0 })
  #arrived: Taken[] = []
  /** What has been taken in this generation of partitions that are this member's. */
  #owned = new Map<string, { topic: string; partition: number; offset: bigint }>()
  #generationId = -1
  #hasFailed = false

  /** Resolves when the member has left, or failed. */
  async run(): Promise<void> {
    const fail = (): void => {
      this.#hasFailed = true
    }
    this.#consumer.on('error', fail)
    this.#consumer.on('consumer:group:join', () => this.#startGeneration())
    const reading = this.#read().catch(fail)
    for (let round = 1; !isStopped && !this.#hasFailed; round += 1) {
      await this.#handOver()
      if (round % commitEvery === 0) await this.#commit()
      await new Promise((resolve) => setTimeout(resolve, pauseMs))
    }
    await this.#handOver()
    await this.#commit()
    await this.#consumer.close(true).catch(fail)
    await this.#committer.close().catch(fail)
    await reading
  }

  async #read(): Promise<void> {
    const stream = await this.#consumer.consume({
      topics,
      mode: 'committed',
      fallbackMode: 'earliest',
      autocommit: false,
    })
    for await (const { topic, partition, offset, value } of stream)
      this.#arrived.push([topic, partition, Number(offset), value])
  }

  #startGeneration(): void {
    if (this.#consumer.generationId === this.#generationId) return
    this.#generationId = this.#consumer.generationId
    this.#owned = new Map()
  }

  #isOwn(topic: string, partition: number): boolean {
    const assigned = this.#consumer.assignments?.find((each) => each.topic === topic)
    return assigned?.partitions.includes(partition) === true
  }

  async #handOver(): Promise<void> {
    this.#startGeneration()
    const records = this.#arrived
    const owned = this.#owned
    this.#arrived = []
    const own = records.filter(([topic, partition]) => this.#isOwn(topic, partition))
    if (records.length > 0) await take(records)
    for (const [topic, partition, offset] of own)
      owned.set(`${topic}-${partition}`, { topic, partition, offset: BigInt(offset + 1) })
  }

  async #commit(): Promise<void> {
    const offsets = [...this.#owned.values()]
      .filter(({ topic, partition }) => this.#isOwn(topic, partition))
      .map((each) => ({ ...each, leaderEpoch: -1 }))
    this.#owned.clear()
    if (offsets.length === 0) return
    const committer = newer ? this.#consumer : this.#committer
    if (!newer) {
      committer.memberId = this.#consumer.memberId
      committer.generationId = this.#generationId
    }
    // What is refused or lost will be read again.
    await committer.commit({ offsets }).catch(() => undefined)
  }
}

while (!isStopped) await new Membership().run()
process.exit()
