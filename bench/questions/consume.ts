// Reading: a topic that is there, and one that is being written.
import { setTimeout as delay } from 'node:timers/promises'
import { cpuSecondsOf, rssMbOf } from '../control/broker-cost.ts'
import type { RunningBroker } from '../control/kafka.ts'
import { runLoad } from '../control/load.ts'
import { paced } from '../control/pipeline.ts'
import { produceFrame } from '../control/produce-frames.ts'
import { Reader } from '../control/reader.ts'
import { endsOf, makeTopic, onBroker, untilServed, untilStored } from './fresh-broker.ts'
import type { Figure, Question } from './question.ts'

const topic = 'read'
const partitionCount = 4

/** By librdkafka, and by readers that cost next to nothing. */
export const consumeQuestions = (): Question[] => [
  ...[
    { size: '100b', messageSize: 100, messageCount: 8_000_000 },
    { size: '1kb', messageSize: 1000, messageCount: 1_500_000 },
  ].map(
    ({ size, messageSize, messageCount }): Question => ({
      name: `consume-${size}`,
      title: `${messageCount} messages of ${messageSize} B in ${partitionCount} partitions are read from the beginning by librdkafka`,
      conditions: ['hot'],
      ask: (broker, condition) =>
        onBroker(broker, condition, (running) => byLibrdkafka(running, messageSize, messageCount)),
    }),
  ),
  ...[1, 4, 20, 100].map(
    (readerCount): Question => ({
      name: `catch-up-${readerCount}`,
      title: `${storedCount} messages of 100 B in ${partitionCount} partitions are read from the beginning by ${readerCount} reader(s) at once, 1 MiB of a partition a request`,
      conditions: ['hot'],
      ask: (broker, condition) =>
        onBroker(broker, condition, (running) => catchUp(running, readerCount)),
    }),
  ),
  ...[1, 4, 20].map(
    (readerCount): Question => ({
      name: `tail-${readerCount}`,
      title: `${tailRate} messages of 100 B a second, ${messagesPerBatch} a batch, over ${partitionCount} partitions are read by ${readerCount} reader(s) as they come`,
      conditions: ['hot'],
      ask: (broker, condition) =>
        onBroker(broker, condition, (running) => tail(running, readerCount)),
    }),
  ),
]

const storedCount = 2_000_000

const fill = async (port: number, messageSize: number, count: number): Promise<string> => {
  const topicId = await makeTopic(port, topic, partitionCount)
  await untilServed(port, topic, partitionCount)
  const size = ['-n', String(count), '-s', String(messageSize), '-a', '1']
  await runLoad(['produce', '-b', `127.0.0.1:${port}`, '-t', topic, ...size])
  await untilStored(port, topic, partitionCount, count)
  return topicId
}

const byLibrdkafka = async (
  { port, pid }: RunningBroker,
  messageSize: number,
  messageCount: number,
): Promise<Figure> => {
  await fill(port, messageSize, messageCount)
  const { messagesPerSecond, brokerCpuSecondsPerGb, brokerRssMb } = await runLoad([
    'consume',
    ...['-b', `127.0.0.1:${port}`, '-t', topic, '-n', String(messageCount)],
    ...['-s', String(messageSize), '--pid', String(pid)],
  ])
  return {
    messagesPerSecond,
    brokerCpuSecondsPerGb: brokerCpuSecondsPerGb!,
    brokerRssMb: brokerRssMb!,
  }
}

/** Readers of all partitions, each by as many connections. */
const readersOf = (port: number, topicId: string, readerCount: number): Promise<Reader[]> =>
  Promise.all(
    Array.from({ length: readerCount * partitionCount }, (_, index) =>
      Reader.of(port, topicId, index % partitionCount),
    ),
  )

/** Lets them read to these offsets; what that costs a broker. */
const measured = async (
  pid: number,
  readers: readonly Reader[],
  read: () => Promise<void>,
): Promise<Figure> => {
  const cpuBefore = cpuSecondsOf(pid)
  const startedMs = performance.now()
  await read()
  const seconds = (performance.now() - startedMs) / 1000
  const cpuSeconds = cpuSecondsOf(pid) - cpuBefore
  const gigabytes = readers.reduce((sum, { bytes }) => sum + bytes, 0) / 1e9
  for (const reader of readers) reader.close()
  return {
    gigabytesPerSecond: gigabytes / seconds,
    brokerCpuSecondsPerGb: cpuSeconds / gigabytes,
    brokerRssMb: rssMbOf(pid),
  }
}

const catchUp = async ({ port, pid }: RunningBroker, readerCount: number): Promise<Figure> => {
  const topicId = await fill(port, 100, storedCount)
  const ends = await endsOf(port, topic, partitionCount)
  const readers = await readersOf(port, topicId, readerCount)
  return measured(pid, readers, async () => {
    await Promise.all(readers.map((reader, index) => reader.readTo(ends[index % partitionCount]!)))
  })
}

const tailRate = 200_000
const messagesPerBatch = 200
const tailSeconds = 8

const tail = async ({ port, pid }: RunningBroker, readerCount: number): Promise<Figure> => {
  const topicId = await makeTopic(port, topic, partitionCount)
  await untilServed(port, topic, partitionCount)
  const shape = { topicId, messagesPerPartition: messagesPerBatch, messageSize: 100 }
  const frames = Array.from({ length: partitionCount }, (_, partition) =>
    produceFrame({ ...shape, partitions: [partition], acks: 1 }),
  )
  const batchCount = (tailRate / messagesPerBatch) * tailSeconds
  const due = Array.from({ length: batchCount }, (_, index) => ({
    dueMs: (index * 1000 * tailSeconds) / batchCount,
    frame: frames[index % partitionCount]!,
  }))
  const readers = await readersOf(port, topicId, readerCount)
  const end = (batchCount / partitionCount) * messagesPerBatch
  return measured(pid, readers, async () => {
    const reading = readers.map((reader) => reader.readTo(end))
    // They wait for what is to come.
    await delay(200)
    await paced(port, due, partitionCount)
    await Promise.all(reading)
  })
}
