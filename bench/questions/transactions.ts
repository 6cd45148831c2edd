// Transactions: how many a second, and how long a reader of what is committed waits for them.
import { OffsetFetch } from '#protocol'
import { type PendedOffset, TransactionalClient, WireClient } from '#testing'
import { cpuSecondsOf, rssMbOf } from '../control/broker-cost.ts'
import type { RunningBroker } from '../control/kafka.ts'
import { runTransact } from '../control/load.ts'
import { commitLatency } from './commit-latency.ts'
import { makeTopic, untilServed } from './fresh-broker.ts'
import type { Figure, Question } from './question.ts'
import { onTransactionBroker } from './transaction-broker.ts'

const topicName = 'transacted'
const warmSeconds = 10
const measuredSeconds = 8

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
    ask: (name: 'odradek' | 'kafka') =>
      onTransactionBroker(name, (broker) =>
        transactions(broker, version as 1 | 2, producerCount, partitionCount),
      ),
  })),
  ...librdkafkaShapes.map(([partitionCount, producerCount]) => ({
    name: `transactions-librdkafka-${partitionCount}-by-${producerCount}`,
    title: `transactions of a record in each of ${partitionCount} partition(s) and an offset, ${producerCount} producer(s) of librdkafka`,
    ask: (name: 'odradek' | 'kafka') =>
      onTransactionBroker(name, (broker) => byLibrdkafka(broker, producerCount, partitionCount)),
  })),
  {
    name: 'transactions-latency',
    title:
      '1,000 records a second committed each 100 ms: from when a record is due until it is read',
    ask: (name) => onTransactionBroker(name, commitLatency),
  },
]

const transactions = async (
  { port, pid }: RunningBroker,
  version: 1 | 2,
  producerCount: number,
  partitionCount: number,
): Promise<Figure> => {
  const topicId = await makeTopic(port, topicName, partitionCount)
  const topic = { name: topicName, topicId }
  await untilServed(port, topicName, partitionCount)
  const partitions = Array.from({ length: partitionCount }, (_, index) => index)
  const workers = await Promise.all(
    Array.from({ length: producerCount }, (_, index) =>
      Worker.of(port, `worker-${index}`, version),
    ),
  )
  const untilMs = (seconds: number) => performance.now() + seconds * 1000
  const run = (endMs: number) =>
    Promise.all(workers.map((each) => each.work(topic, partitions, endMs)))
  await run(untilMs(warmSeconds))
  const before = done(workers)
  const cpuBefore = cpuSecondsOf(pid)
  const startedMs = performance.now()
  await run(untilMs(measuredSeconds))
  const seconds = (performance.now() - startedMs) / 1000
  const cpuSeconds = cpuSecondsOf(pid) - cpuBefore
  const count = done(workers) - before
  await untilStored(port, partitionCount, done(workers))
  for (const worker of workers) await worker.finish()
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
      ...['-c', String(producerCount), '-w', String(warmSeconds), '-s', String(measuredSeconds)],
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

const done = (workers: readonly Worker[]): number =>
  workers.reduce((sum, { count }) => sum + count, 0)

/** A producer with a group of its own, one transaction after the other. */
class Worker {
  readonly #client: WireClient
  readonly #name: string
  readonly #version: 1 | 2
  readonly #producer: TransactionalClient
  count = 0

  private constructor(client: WireClient, name: string, version: 1 | 2) {
    this.#client = client
    this.#name = name
    this.#version = version
    this.#producer = new TransactionalClient(client, name, version)
    this.#producer.isPatient = true
  }

  static async of(port: number, name: string, version: 1 | 2): Promise<Worker> {
    const worker = new Worker(await WireClient.connect(port), name, version)
    await worker.#producer.init()
    return worker
  }

  async work(topic: PendedOffset['topic'], partitions: number[], endMs: number): Promise<void> {
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
    const fetched = await this.#client.request(OffsetFetch, 7, {
      groupId: this.#name,
      topics: [{ name: topicName, partitionIndexes: [0] }],
      requireStable: true,
    })
    const { committedOffset } = fetched.topics[0]!.partitions[0]!
    if (committedOffset !== this.count)
      throw new Error(`${this.#name} committed ${this.count}, and its offset is ${committedOffset}`)
    this.#client.close()
  }
}
