// How long a durable acknowledgement takes, against the number of partitions that the records go to.
import { Produce } from '#protocol'
import { buildBatch } from '#records'
import { cpuSecondsOf, rssMbOf } from '../control/broker-cost.ts'
import { frameOf, paced } from '../control/pipeline.ts'
import { makeTopic, onFreshBroker, untilServed } from './fresh-broker.ts'
import type { Figure, Question } from './question.ts'

const topic = 'acknowledged'
const connectionCount = 50
const messageSize = 100
const messagesPerSecond = 20_000
/** Messages of a request, each to another partition where there are as many. */
const messagesPerRequest = 10
const requestsPerSecond = messagesPerSecond / messagesPerRequest
const warmSeconds = 10
const measuredSeconds = 10

/** One question for each number of partitions. */
export const acknowledgementQuestions = (): Question[] =>
  [1, 4, 16, 64, 256, 1000].map((partitionCount) => ({
    name: `acks-${partitionCount}-partitions`,
    title: `${messagesPerSecond} messages of ${messageSize} B a second over ${partitionCount} partition(s), ${messagesPerRequest} a request, acks=all synced (Kafka: flush.messages=1)`,
    ask: (name) => {
      const settings = name === 'kafka' ? ['log.flush.interval.messages=1'] : []
      return onFreshBroker(name, settings, (broker) => acknowledgements(broker, partitionCount))
    },
  }))

const acknowledgements = async (
  { port, pid }: { port: number; pid: number },
  partitionCount: number,
): Promise<Figure> => {
  const topicId = await makeTopic(port, topic, partitionCount)
  await untilServed(port, topic, partitionCount)
  const frames = framesOf(topicId, partitionCount)
  await paced(port, schedule(frames, warmSeconds), connectionCount)
  const cpuBefore = cpuSecondsOf(pid)
  const due = schedule(frames, measuredSeconds)
  const lateMs = (await paced(port, due, connectionCount)).sort((one, other) => one - other)
  const cpuSeconds = cpuSecondsOf(pid) - cpuBefore
  const stored = await untilServed(port, topic, partitionCount)
  const sent = (warmSeconds + measuredSeconds) * messagesPerSecond
  if (stored !== sent) throw new Error(`${stored} of ${sent} messages were stored`)
  const at = (share: number): number => lateMs[Math.floor(lateMs.length * share)]!
  return {
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    p999Ms: at(0.999),
    brokerCpuMicrosPerRequest: (cpuSeconds * 1e6) / due.length,
    brokerRssMb: rssMbOf(pid),
  }
}

const schedule = (frames: readonly Buffer[], seconds: number) =>
  Array.from({ length: seconds * requestsPerSecond }, (_, index) => ({
    dueMs: (index * 1000) / requestsPerSecond,
    frame: frames[index % frames.length]!,
  }))

/** Requests that go round all partitions. */
const framesOf = (topicId: string, partitionCount: number): Buffer[] => {
  const width = Math.min(messagesPerRequest, partitionCount)
  const value = Buffer.alloc(messageSize, 'x')
  const record = { timestampMs: Date.now(), key: null, value }
  // Where there are fewer partitions than messages, some batches have one more than the others.
  const records = (place: number) =>
    buildBatch(
      Array.from(
        { length: Math.floor((messagesPerRequest - 1 - place) / width) + 1 },
        () => record,
      ),
    )
  return Array.from({ length: partitionCount }, (_, first) =>
    frameOf(Produce, 13, {
      transactionalId: null,
      acks: -1,
      timeoutMs: 30_000,
      topicData: [
        {
          topicId,
          partitionData: Array.from({ length: width }, (__, place) => ({
            index: (first * width + place) % partitionCount,
            records: records(place),
          })),
        },
      ],
    }),
  )
}
