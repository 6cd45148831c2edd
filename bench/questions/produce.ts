// Producing: the rate, and what it costs.
import { cpuSecondsOf, rssMbOf } from '../control/broker-cost.ts'
import type { RunningBroker } from '../control/kafka.ts'
import { runLoad } from '../control/load.ts'
import { pump } from '../control/pipeline.ts'
import { isProduced, produceFrame } from '../control/produce-frames.ts'
import { makeTopic, onBroker, untilServed, untilStored } from './fresh-broker.ts'
import type { Condition, Figure, Question } from './question.ts'

const topic = 'load'
const warmSeconds = 2
const measuredSeconds = 6

/** By librdkafka, which makes large batches (`linger.ms=5`), and by frames that were made before. */
export const produceQuestions = (): Question[] => [
  byLibrdkafka({
    ...{ name: 'produce-100b-acks-1', conditions: ['hot', 'fresh'] },
    ...{ messageSize: 100, partitionCount: 4, acks: '1', messageCount: 8_000_000 },
  }),
  byFrames({
    ...{ name: 'produce-100b-acks-1-frames', conditions: ['hot'] },
    ...{ messageSize: 100, partitionCount: 4, acks: 1, messagesPerBatch: 1000 },
    ...{ partitionsPerRequest: 1, connectionCount: 4, depth: 4 },
  }),
  byLibrdkafka({
    ...{ name: 'produce-100b-acks-all', conditions: ['hot', 'fresh', 'flushed'] },
    ...{ messageSize: 100, partitionCount: 4, acks: 'all', messageCount: 8_000_000 },
  }),
  byLibrdkafka({
    ...{ name: 'produce-1kb-16-partitions', conditions: ['hot'] },
    ...{ messageSize: 1000, partitionCount: 16, acks: '1', messageCount: 1_500_000 },
  }),
  byLibrdkafka({
    ...{ name: 'produce-1kb-lz4', conditions: ['hot'], settings: ['compression.codec=lz4'] },
    ...{ messageSize: 1000, partitionCount: 4, acks: 'all', messageCount: 2_000_000 },
  }),
  byFrames({
    ...{ name: 'produce-1000-partitions', conditions: ['flushed'] },
    ...{ messageSize: 200, partitionCount: 1000, acks: -1, messagesPerBatch: 1 },
    ...{ partitionsPerRequest: 20, connectionCount: 50, depth: 1 },
  }),
  byLibrdkafka({
    ...{ name: 'one-message-a-request', conditions: ['hot'], settings: ['batch.num.messages=1'] },
    ...{ messageSize: 100, partitionCount: 4, acks: '1', messageCount: 200_000 },
  }),
  byFrames({
    ...{ name: 'one-message-a-request-frames', conditions: ['hot'] },
    ...{ messageSize: 100, partitionCount: 4, acks: 1, messagesPerBatch: 1 },
    ...{ partitionsPerRequest: 1, connectionCount: 10, depth: 5 },
  }),
]

interface Shape {
  name: string
  conditions: readonly Condition[]
  /** Bytes. */
  messageSize: number
  partitionCount: number
}

interface LibrdkafkaShape extends Shape {
  acks: '1' | 'all'
  messageCount: number
  /** Of the producer, `key=value`. */
  settings?: readonly string[]
}

const byLibrdkafka = (shape: LibrdkafkaShape): Question => {
  const { name, conditions, messageCount, messageSize, partitionCount, acks, settings = [] } = shape
  const clauses = [`acks=${acks}`, ...settings].join(', ')
  return {
    name,
    conditions,
    title: `${messageCount} messages of ${messageSize} B over ${partitionCount} partitions by librdkafka, linger.ms=5, ${clauses}`,
    ask: (broker, condition) => onBroker(broker, condition, (running) => load(running, shape)),
  }
}

const load = async ({ port, pid }: RunningBroker, shape: LibrdkafkaShape): Promise<Figure> => {
  const { messageCount, messageSize, partitionCount, acks, settings = [] } = shape
  await makeTopic(port, topic, partitionCount)
  await untilServed(port, topic, partitionCount)
  const { messagesPerSecond, brokerCpuSecondsPerGb, brokerRssMb } = await runLoad([
    'produce',
    ...['-b', `127.0.0.1:${port}`, '-t', topic, '-n', String(messageCount)],
    ...['-s', String(messageSize), '-a', acks, '--pid', String(pid)],
    ...settings.flatMap((setting) => ['-X', setting]),
  ])
  await untilStored(port, topic, partitionCount, messageCount)
  return { messagesPerSecond, ...cost(brokerCpuSecondsPerGb, brokerRssMb) }
}

const cost = (brokerCpuSecondsPerGb?: number, brokerRssMb?: number) => {
  if (brokerCpuSecondsPerGb === undefined || brokerRssMb === undefined)
    throw new Error('load gave no figures of the broker')
  return { brokerCpuSecondsPerGb, brokerRssMb }
}

/** Requests made beforehand, sent again and again. */
export interface FramesShape extends Shape {
  acks: -1 | 1
  messagesPerBatch: number
  partitionsPerRequest: number
  connectionCount: number
  /** Requests of a connection that wait for their answers. */
  depth: number
}

/** The rate at which a broker takes them, and what it costs. */
export const byFrames = (shape: FramesShape): Question => {
  const { name, conditions, messageSize, partitionCount, connectionCount } = shape
  const acks = shape.acks === -1 ? 'all' : '1'
  const request = `${shape.messagesPerBatch} message(s) of ${messageSize} B in each of ${shape.partitionsPerRequest} partition(s) a request`
  return {
    name,
    conditions,
    title: `${request} over ${partitionCount} partitions by ${connectionCount} producers with ${shape.depth} request(s) on their way, acks=${acks}`,
    ask: (broker, condition) => onBroker(broker, condition, (running) => frames(running, shape)),
  }
}

const frames = async ({ port, pid }: RunningBroker, shape: FramesShape): Promise<Figure> => {
  const { partitionCount, partitionsPerRequest, connectionCount, depth } = shape
  const topicId = await makeTopic(port, topic, partitionCount)
  await untilServed(port, topic, partitionCount)
  const perRequest = partitionsPerRequest * shape.messagesPerBatch
  const made = framesOf(topicId, shape)
  const streams = Array.from({ length: connectionCount }, (_, index) => ({
    // Each producer begins elsewhere.
    frames: [...made.slice(index % made.length), ...made.slice(0, index % made.length)],
    depth,
  }))
  const isGood = isProduced(partitionsPerRequest)
  const warm = await pump(port, streams, { seconds: warmSeconds }, isGood)
  const cpuBefore = cpuSecondsOf(pid)
  const measured = await pump(port, streams, { seconds: measuredSeconds }, isGood)
  const { answers, seconds, all } = measured
  const cpuSeconds = cpuSecondsOf(pid) - cpuBefore
  await untilStored(port, topic, partitionCount, (warm.all + all) * perRequest)
  return {
    messagesPerSecond: (answers * perRequest) / seconds,
    brokerCpuMicrosPerRequest: (cpuSeconds * 1e6) / answers,
    brokerCpuSecondsPerGb: cpuSeconds / ((answers * perRequest * shape.messageSize) / 1e9),
    brokerRssMb: rssMbOf(pid),
  }
}

/** Requests that together go once round all partitions. */
const framesOf = (topicId: string, shape: FramesShape): Buffer[] => {
  const { partitionCount, partitionsPerRequest, messagesPerBatch, messageSize, acks } = shape
  return Array.from({ length: partitionCount / partitionsPerRequest }, (_, request) =>
    produceFrame({
      ...{ topicId, messageSize, acks, messagesPerPartition: messagesPerBatch },
      partitions: Array.from(
        { length: partitionsPerRequest },
        (__, place) => request * partitionsPerRequest + place,
      ),
    }),
  )
}
