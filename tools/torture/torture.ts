// Kills a broker over and over while it is written to, and holds what it promised against what is
// there afterwards.
//
// A life: start the broker, read back what was written, let producers, a churner of topics and readers
// loose on it, and at a random moment `kill -9`. Some broker dies while it is still starting, some is
// stopped as it should be.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type BrokerProcess,
  beginBroker,
  createTopic,
  deleteTopic,
  listTopics,
  SeededRandom,
  type Topic,
  type WireClient,
  within,
} from '#testing'
import { BrokenPromise, PartitionCheck } from './check.ts'
import { Churn } from './churn.ts'
import { Lane, type LaneKind } from './lane.ts'
import { Producer } from './producer.ts'
import { tearTail } from './tear.ts'
import { Watcher } from './watcher.ts'

/** What to do. */
export interface TortureOptions {
  /** So many at least; where chance killed too soon for any acknowledgement, it goes on until there is one. */
  kills: number
  seed: number
  /** Bytes that each of the producers writes in one life at most. */
  bytesMax?: number
  /** Hears what is going on. */
  say?: (line: string) => void
}

/** What was done. */
export interface TortureReport {
  kills: number
  stops: number
  records: number
  acknowledged: number
  topics: number
}

interface Partition {
  topic: Topic
  partition: number
  lanes: Lane[]
  check: PartitionCheck
  watcher: Watcher
}

/** Every how many kills everything is read from its beginning. */
const fullCheckKills = 10
const topicsCount = 3
const poolSize = 1024 * 1024

/** What is sent to a partition of each kind of topic; two producers share the first. */
const lanePlans: readonly LaneKind[][] = [
  [
    { acks: -1, idempotent: true },
    { acks: 1, idempotent: true },
  ],
  [{ acks: -1, idempotent: true }],
  [{ acks: 1, idempotent: true }],
  [
    { acks: -1, idempotent: false },
    { acks: 0, idempotent: false },
  ],
  [{ acks: 1, idempotent: false }],
]
const kinds = [...new Map(lanePlans.flat().map((kind) => [JSON.stringify(kind), kind])).values()]

/** Runs it; rejects with a `BrokenPromise`, or whatever else went wrong, and keeps the data then. */
export const torture = async (options: TortureOptions): Promise<TortureReport> => {
  const folder = mkdtempSync(join(tmpdir(), 'odradek-torture-'))
  const run = new Torture(folder, options)
  try {
    const report = await run.run()
    rmSync(folder, { recursive: true, force: true })
    return report
  } catch (error) {
    options.say?.(`the data is in ${folder}; the broker said last: ${run.brokerLog || 'nothing'}`)
    throw error
  }
}

class Torture {
  readonly #folder: string
  readonly #options: TortureOptions
  readonly #random: SeededRandom
  readonly #pool: Buffer
  readonly #churn: Churn
  readonly #producers: Producer[]
  readonly #leaderEpochs = new Map<string, number>()
  #broker: BrokerProcess | undefined
  #partitions: Partition[] = []
  #laneCount = 0
  #topicCount = 0
  #kills = 0
  #stops = 0
  #records = 0
  #acknowledged = 0

  constructor(folder: string, options: TortureOptions) {
    this.#folder = folder
    this.#options = options
    this.#random = new SeededRandom(options.seed)
    this.#pool = this.#random.bytes(poolSize)
    this.#churn = new Churn(this.#random.fork())
    this.#producers = kinds.map(
      (kind) => new Producer(kind, this.#lanesOf(kind), this.#random.fork()),
    )
  }

  async run(): Promise<TortureReport> {
    while (this.#kills < this.#options.kills || !this.#anyAcknowledged) {
      if (this.#random.chance(0.15)) await this.#killWhileStarting()
      else await this.#live()
    }
    const broker = this.#begin()
    try {
      await broker.ready()
      await this.#withClient(broker, async (client) => {
        await this.#checkAll(client, true)
        await this.#tally(this.#partitions)
      })
      await this.#stop(broker)
    } finally {
      await broker.remove()
    }
    return {
      kills: this.#kills,
      stops: this.#stops,
      records: this.#records,
      acknowledged: this.#acknowledged,
      topics: this.#topicCount + this.#churn.madeCount,
    }
  }

  #begin(): BrokerProcess {
    const sets = ['auto.create.topics.enable=false']
    this.#broker = beginBroker({ folder: this.#folder, sets })
    return this.#broker
  }

  /** The last lines of the last broker. */
  get brokerLog(): string {
    return this.#broker?.output.stderr.slice(-3000) ?? ''
  }

  get #anyAcknowledged(): boolean {
    const lanes = this.#partitions.flatMap((partition) => partition.lanes)
    return this.#acknowledged + sumOf(lanes, 'acknowledgedCount') > 0
  }

  async #killWhileStarting(): Promise<void> {
    const broker = this.#begin()
    await pause(this.#random.between(0, 400))
    await broker.kill()
    this.#kills += 1
    this.#options.say?.(`kill ${this.#kills}: while it started`)
  }

  async #live(): Promise<void> {
    const broker = this.#begin()
    try {
      await broker.ready()
      await this.#withClient(broker, async (client) => {
        await this.#checkAll(client, this.#kills % fullCheckKills === fullCheckKills - 1)
        await this.#renewTopics(client)
      })
      await this.#workUntilEnd(broker)
    } finally {
      await broker.remove()
    }
  }

  async #workUntilEnd(broker: BrokerProcess): Promise<void> {
    const { port } = broker
    const bytesMax = this.#options.bytesMax ?? 8e6
    let ending = false
    const work = [
      ...this.#producers.map((producer) => producer.run(port, bytesMax)),
      ...this.#partitions.map(({ watcher }) => watcher.run(port)),
      this.#churn.run(port),
    ].map(async (job) => {
      await job
      if (!ending) throw new BrokenPromise(`a connection ended by itself: ${broker.output.stderr}`)
    })
    const afterMs = this.#random.between(5, this.#random.pick([50, 300, 900]))
    const stops = this.#random.chance(0.1)
    await Promise.race([pause(afterMs), Promise.all(work)])
    ending = true
    if (stops) await this.#stop(broker)
    else await this.#kill(broker)
    await within('producers and readers have ended', Promise.all(work))
    const made = this.#partitions.reduce((sum, { lanes }) => sum + sumOf(lanes, 'next'), 0)
    const end = stops ? 'stop' : `kill ${this.#kills}`
    this.#options.say?.(
      `${end}: after ${afterMs} ms, ${made} records in ${this.#partitions.length} partitions`,
    )
  }

  /**
   * Mostly some producers no longer hear what the broker has written when it dies, and some logs end in
   * a write that was cut off.
   */
  async #kill(broker: BrokerProcess): Promise<void> {
    const deaf = this.#producers.filter(() => this.#random.chance(0.6))
    for (const producer of deaf) producer.deafen()
    await pause(this.#random.between(0, 30))
    await broker.kill()
    for (const producer of deaf) producer.cut()
    for (const partition of this.#partitions)
      if (this.#random.chance(0.2)) tearTail(this.#folder, partition, this.#random)
    this.#kills += 1
  }

  async #stop(broker: BrokerProcess): Promise<void> {
    const { code, signal } = await broker.stop()
    this.#stops += 1
    if (code !== 0) throw new BrokenPromise(`SIGTERM ended the broker with ${code ?? signal}`)
  }

  async #checkAll(client: WireClient, fromStart: boolean): Promise<void> {
    await this.#checkLeaderEpochs(client)
    await this.#churn.check(client)
    for (const partition of this.#partitions) {
      await partition.check.follow(client, this.#random)
      if (fromStart) await this.#checkFromStart(client, partition)
    }
  }

  async #checkFromStart(client: WireClient, partition: Partition): Promise<void> {
    const check = new PartitionCheck(partition.topic, partition.partition, partition.lanes)
    await check.follow(client, this.#random)
    await check.checkEpochs(client, this.#leaderEpochs.get(partition.topic.topicId) ?? -1)
    partition.check = check
  }

  /** Every start raises them. */
  async #checkLeaderEpochs(client: WireClient): Promise<void> {
    for (const { name, topicId, leaderEpoch } of await listTopics(client)) {
      const before = this.#leaderEpochs.get(topicId)
      if (before !== undefined && leaderEpoch <= before)
        throw new BrokenPromise(`${name}: leader epoch ${leaderEpoch} follows ${before}`)
      this.#leaderEpochs.set(topicId, leaderEpoch)
    }
  }

  /** Keeps as many topics as there should be; now and then one has lived long enough. */
  async #renewTopics(client: WireClient): Promise<void> {
    const topics = [...new Set(this.#partitions.map(({ topic }) => topic))]
    if (topics.length === topicsCount && this.#random.chance(0.15)) {
      const topic = this.#random.pick(topics)
      const old = this.#partitions.filter((partition) => partition.topic === topic)
      for (const partition of old) await this.#checkFromStart(client, partition)
      await this.#tally(old)
      await deleteTopic(client, topic)
      this.#partitions = this.#partitions.filter((partition) => partition.topic !== topic)
    }
    while (new Set(this.#partitions.map(({ topic }) => topic)).size < topicsCount)
      await this.#addTopic(client)
  }

  async #addTopic(client: WireClient): Promise<void> {
    this.#topicCount += 1
    const configs = {
      'segment.bytes': String(this.#random.pick([1 << 20, 1 << 30])),
      'odradek.flush': this.#random.pick(['disk', 'disk', 'os']),
    }
    const partitions = this.#random.between(1, 4)
    const topic = await createTopic(client, `torture-${this.#topicCount}`, { partitions, configs })
    for (let partition = 0; partition < partitions; partition += 1) {
      const lanes = this.#random.pick(lanePlans).map((kind) => {
        this.#laneCount += 1
        const place = { topic, partition }
        return new Lane(this.#laneCount, place, kind, this.#pool, this.#random.fork())
      })
      const check = new PartitionCheck(topic, partition, lanes)
      this.#partitions.push({
        topic,
        partition,
        lanes,
        check,
        watcher: new Watcher(topic, partition),
      })
    }
  }

  #lanesOf(kind: LaneKind): () => Lane[] {
    return () =>
      this.#partitions.flatMap(({ lanes }) =>
        lanes.filter(
          (lane) => lane.kind.acks === kind.acks && lane.kind.idempotent === kind.idempotent,
        ),
      )
  }

  async #withClient(
    broker: BrokerProcess,
    use: (client: WireClient) => Promise<void>,
  ): Promise<void> {
    const client = await broker.connect()
    try {
      await use(client)
    } finally {
      client.close()
    }
  }

  async #tally(partitions: readonly Partition[]): Promise<void> {
    for (const { check, lanes } of partitions) {
      this.#records += check.offset
      this.#acknowledged += sumOf(lanes, 'acknowledgedCount')
    }
  }
}

const sumOf = (lanes: readonly Lane[], what: 'next' | 'acknowledgedCount'): number =>
  lanes.reduce((sum, lane) => sum + lane[what], 0)

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
