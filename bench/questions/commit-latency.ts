import { readOnce, type Topic, TransactionalClient, WireClient } from '#testing'
import { cpuSecondsOf, rssMbOf } from '../control/broker-cost.ts'
import type { RunningBroker } from '../control/kafka.ts'
import { makeTopic, untilServed } from './fresh-broker.ts'
import type { Figure } from './question.ts'

const topicName = 'committed'
const tickMs = 10
const recordsPerTick = 10
const ticksPerTransaction = 10
const warmTransactions = 100
const measuredTransactions = 100

/**
 * Measures how long records wait for a reader of what is committed, with a commit each 100 ms. Records and
 * commits have their times, and what is late counts as late.
 */
export const commitLatency = async ({ port, pid }: RunningBroker): Promise<Figure> => {
  const topic = { name: topicName, topicId: await makeTopic(port, topicName, 1) }
  await untilServed(port, topicName, 1)
  const producer = new TransactionalClient(await WireClient.connect(port), 'latency', 2)
  producer.isPatient = true
  await producer.init()
  await round(port, producer, topic, warmTransactions)
  const cpuBefore = cpuSecondsOf(pid)
  const ages = await round(port, producer, topic, measuredTransactions)
  const cpuSeconds = cpuSecondsOf(pid) - cpuBefore
  const last = ages.filter((_, index) => (index + 1) % (recordsPerTick * ticksPerTransaction) === 0)
  return {
    p50Ms: at(ages, 0.5),
    p99Ms: at(ages, 0.99),
    // These were due when their transaction was due to end.
    lastOfTransactionP50Ms: at(last, 0.5),
    lastOfTransactionP99Ms: at(last, 0.99),
    brokerCpuMsPerTransaction: (cpuSeconds * 1000) / measuredTransactions,
    brokerRssMb: rssMbOf(pid),
  }
}

const at = (ages: readonly number[], share: number): number =>
  ages.toSorted((one, other) => one - other)[Math.floor(ages.length * share)]!

/** Lives through so many transactions; returns the age in ms of each record when it was read, in order. */
const round = async (
  port: number,
  producer: TransactionalClient,
  topic: Topic,
  transactionCount: number,
): Promise<number[]> => {
  const from = await untilServed(port, topicName, 1, 1)
  const reading = read(port, topic, from, transactionCount * ticksPerTransaction * recordsPerTick)
  const startedMs = performance.now()
  for (let transaction = 0; transaction < transactionCount; transaction += 1) {
    const sent: Promise<unknown>[] = []
    for (let tick = 1; tick <= ticksPerTransaction; tick += 1) {
      const dueMs = startedMs + (transaction * ticksPerTransaction + tick) * tickMs
      const waitMs = dueMs - performance.now()
      if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs))
      const values = Array.from({ length: recordsPerTick }, () => String(dueMs))
      sent.push(producer.produceToAll(topic, [0], values))
    }
    await Promise.all(sent)
    await producer.end(true)
  }
  return reading
}

const read = async (port: number, topic: Topic, from: number, count: number): Promise<number[]> => {
  const client = await WireClient.connect(port)
  const ages: number[] = []
  for (let offset = from; ages.length < count; ) {
    const options = { offset, maxWaitMs: 500, isCommittedOnly: true }
    const part = await readOnce(client, topic, 0, options)
    const nowMs = performance.now()
    // Markers have a key.
    for (const { records } of part.batches)
      for (const { key, value } of records) if (key === null) ages.push(nowMs - Number(value))
    offset = part.nextOffset
  }
  client.close()
  return ages
}
