// Transactions: how many a second, and how long a reader of what is committed waits for them.
import { codeOf } from '#model'
import { OffsetFetch } from '#protocol'
import { type PendedOffset, TransactionalClient, WireClient } from '#testing'
import { cpuSecondsOf, rssMbOf } from '../control/broker-cost.ts'
import type { RunningBroker } from '../control/kafka.ts'
import { runTransact } from '../control/load.ts'
import { commitLatency } from './commit-latency.ts'
import { type Measure, makeTopic, untilServed } from './fresh-broker.ts'
import type { BrokerName, Condition, Figure, Question } from './question.ts'
import { onTransactionBroker } from './transaction-broker.ts'

const topicName = 'transacted'
/** How long each is asked before it is measured, `fresh` or `hot`. */
const startSeconds = 3
const measuredSeconds = 8
const conditions = ['fresh', 'hot'] as const

/** What a broker is given to do, besides its small requests, before it counts as `hot`: 20 producers in both versions. */
const warmUps = [
  { version: 1, seconds: 10 },
  { version: 2, seconds: 20 },
] as const

/** Partitions of a transaction and producers at a time, under each version of transactions (KIP-890). */
const shapes = [1, 2].flatMap((version) =>
  [1, 20].flatMap((producerCount) =>
    [1, 10, 100].map((partitionCount) => ({ version, producerCount, partitionCount })),
  ),
)

/** By librdkafka, which is one of the clients of the older version. */
const librdkafkaShapes = [
  [1, 1],
  [1, 20],
  [10, 20],
  [100, 1],
] as const

/** What transactions cost a broker. Ours are durable when they are answered, Kafka's are not synced. */
export const transactionQuestions = (): Question[] => [
  ...shapes.map(({ version, producerCount, partitionCount }) => ({
    name: `transactions-v${version}-${partitionCount}-by-${producerCount}`,
    title: `transactions of a record in each of ${partitionCount} partition(s) and an offset, ${producerCount} producer(s), version ${version}`,
    conditions,
    ask: (name: BrokerName, condition: Condition) =>
      onWarmBroker(name, condition, (broker) =>
        transactions(broker, version as Version, producerCount, partitionCount),
      ),
  })),
  ...librdkafkaShapes.map(([partitionCount, producerCount]) => ({
    name: `transactions-librdkafka-${partitionCount}-by-${producerCount}`,
    title: `transactions of a record in each of ${partitionCount} partition(s) and an offset, ${producerCount} producer(s) of librdkafka`,
    conditions,
    ask: (name: BrokerName, condition: Condition) =>
      onWarmBroker(name, condition, (broker) =>
        byLibrdkafka(broker, producerCount, partitionCount),
      ),
  })),
  {
    name: 'transactions-latency',
    title:
      '1,000 records a second committed each 100 ms: from when a record is due until it is read',
    conditions,
    ask: (name, condition) => onWarmBroker(name, condition, commitLatency),
  },
]

/** As `onTransactionBroker`; one that is hot has served transactions, too. */
const onWarmBroker = (name: BrokerName, condition: Condition, measure: Measure): Promise<Figure> =>
  onTransactionBroker(name, condition, async (broker, restart) => {
    if (condition === 'hot') for (const each of warmUps) await warmUp(broker.port, each)
    return measure(broker, restart)
  })

const warmUp = async (port: number, { version, seconds }: (typeof warmUps)[number]) => {
  const load = await Load.of(port, `warm-${version}`, version, 20, 10)
  await load.run(seconds)
  await load.finish()
}

const transactions = async (
  { port, pid }: RunningBroker,
  version: Version,
  producerCount: number,
  partitionCount: number,
): Promise<Figure> => {
  const load = await Load.of(port, topicName, version, producerCount, partitionCount)
  await load.run(startSeconds)
  const before = load.count
  const cpuBefore = cpuSecondsOf(pid)
  const startedMs = performance.now()
  await load.run(measuredSeconds)
  const seconds = (performance.now() - startedMs) / 1000
  const cpuSeconds = cpuSecondsOf(pid) - cpuBefore
  const count = load.count - before
  await untilStored(port, partitionCount, load.count)
  await load.finish()
  return {
    transactionsPerSecond: count / seconds,
    brokerCpuMsEach: (cpuSeconds * 1000) / count,
    brokerRssMb: rssMbOf(pid),
  }
}

const byLibrdkafka = async (
  { port, pid }: RunningBroker,
  producerCount: number,
  partitionCount: number,
): Promise<Figure> => {
  await makeTopic(port, topicName, partitionCount)
  await untilServed(port, topicName, partitionCount)
  let [cpuBefore, cpuAfter] = [0, 0]
  const { transactions, seconds, all } = await runTransact(
    [
      ...['-b', `127.0.0.1:${port}`, '-t', topicName, '-p', String(partitionCount)],
      ...['-c', String(producerCount), '-w', String(startSeconds), '-s', String(measuredSeconds)],
    ],
    () => {
      cpuBefore = cpuSecondsOf(pid)
    },
    () => {
      cpuAfter = cpuSecondsOf(pid)
    },
  )
  await untilStored(port, partitionCount, all)
  return {
    transactionsPerSecond: transactions / seconds,
    brokerCpuMsEach: ((cpuAfter - cpuBefore) * 1000) / transactions,
    brokerRssMb: rssMbOf(pid),
  }
}

/** Resolves when each partition has a stable record and marker of each transaction; rejects when it has more. */
const untilStored = async (port: number, partitionCount: number, count: number): Promise<void> => {
  const expected = 2 * count * partitionCount
  for (;;) {
    const stored = await untilServed(port, topicName, partitionCount, 1)
    if (stored === expected) return
    if (stored > expected) throw new Error(`${stored} records are stored, and not ${expected}`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

type Version = 1 | 2

/** Producers that write to all partitions of one topic, each one transaction after the other. */
class Load {
  readonly #workers: readonly Worker[]
  readonly #partitions: number[]

  private constructor(workers: readonly Worker[], partitionCount: number) {
    this.#workers = workers
    this.#partitions = Array.from({ length: partitionCount }, (_, index) => index)
  }

  /** Makes the topic; its name is that of the producers, too. */
  static async of(
    port: number,
    name: string,
    version: Version,
    producerCount: number,
    partitionCount: number,
  ): Promise<Load> {
    const topic = { name, topicId: await makeTopic(port, name, partitionCount) }
    await untilServed(port, name, partitionCount)
    const names = Array.from({ length: producerCount }, (_, index) => `${name}-${index}`)
    return new Load(
      await Promise.all(names.map((each) => Worker.of(port, each, version, topic))),
      partitionCount,
    )
  }

  /** How many transactions have been committed. */
  get count(): number {
    return this.#workers.reduce((sum, { count }) => sum + count, 0)
  }

  async run(seconds: number): Promise<void> {
    const endMs = performance.now() + seconds * 1000
    await Promise.all(this.#workers.map((each) => each.work(this.#partitions, endMs)))
  }

  async finish(): Promise<void> {
    for (const worker of this.#workers) await worker.finish()
  }
}

/** A producer with a group of its own, one transaction after the other. */
class Worker {
  readonly #client: WireClient
  readonly #name: string
  readonly #version: Version
  readonly #topic: PendedOffset['topic']
  readonly #producer: TransactionalClient
  count = 0

  private constructor(
    client: WireClient,
    name: string,
    version: Version,
    topic: PendedOffset['topic'],
  ) {
    this.#client = client
    this.#name = name
    this.#version = version
    this.#topic = topic
    this.#producer = new TransactionalClient(client, name, version)
    this.#producer.isPatient = true
  }

  static async of(
    port: number,
    name: string,
    version: Version,
    topic: PendedOffset['topic'],
  ): Promise<Worker> {
    const worker = new Worker(await WireClient.connect(port), name, version, topic)
    await worker.#producer.init()
    return worker
  }

  async work(partitions: number[], endMs: number): Promise<void> {
    const topic = this.#topic
    while (performance.now() < endMs) {
      if (this.#version === 1) {
        await this.#producer.add(topic, ...partitions)
        await this.#producer.addGroup(this.#name)
      }
      const offset = this.count + 1
      await Promise.all([
        this.#producer.produceToAll(topic, partitions, [`value ${offset}`]),
        this.#producer.pend(this.#name, [{ topic, partition: 0, offset }]),
      ])
      await this.#producer.end(true)
      this.count = offset
    }
  }

  /** Throws unless the offset of the last transaction is committed. */
  async finish(): Promise<void> {
    const offset = await this.#stableOffset()
    if (offset !== this.count)
      throw new Error(`${this.#name} committed ${this.count}, and its offset is ${offset}`)
    this.#client.close()
  }

  async #stableOffset(): Promise<number> {
    for (;;) {
      const fetched = await this.#client.request(OffsetFetch, 7, {
        groupId: this.#name,
        topics: [{ name: this.#topic.name, partitionIndexes: [0] }],
        requireStable: true,
      })
      const { committedOffset, errorCode } = fetched.topics[0]!.partitions[0]!
      if (errorCode !== codeOf('UNSTABLE_OFFSET_COMMIT')) return committedOffset
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
}
