// How cost grows with the size of messages and batches, and with the number of partitions, connections and stored
// bytes: for each curve the same question at several places.

import { rssMbOf } from '../control/broker-cost.ts'
import { pump } from '../control/pipeline.ts'
import { isProduced, produceFrame } from '../control/produce-frames.ts'
import { Reader } from '../control/reader.ts'
import { endsOf, makeTopic, onFreshBroker, untilServed } from './fresh-broker.ts'
import { byFrames, type FramesShape } from './produce.ts'
import type { BrokerName, Figure, Question } from './question.ts'

/** As large as clients let batches of small messages become by default, roughly. */
const batchSize = 64_000

const usual: Omit<FramesShape, 'name'> = {
  conditions: ['hot'],
  messageSize: 100,
  messagesPerBatch: 1,
  partitionCount: 4,
  partitionsPerRequest: 1,
  connectionCount: 4,
  depth: 4,
  acks: 1,
}

export const curveQuestions = (): Question[] => [
  ...[10, 100, 1000, 10_000, 100_000, 1_000_000].map((messageSize) =>
    byFrames({
      ...usual,
      name: `curve-message-size-${messageSize}`,
      messageSize,
      messagesPerBatch: Math.max(1, Math.floor(batchSize / messageSize)),
    }),
  ),
  ...[1, 10, 100, 1000, 8000].map((messagesPerBatch) =>
    byFrames({ ...usual, name: `curve-batch-${messagesPerBatch}`, messagesPerBatch }),
  ),
  ...[1, 10, 100, 1000, 10_000].map((partitionCount) =>
    byFrames({
      ...usual,
      ...{ name: `curve-partitions-${partitionCount}`, acks: -1, partitionCount },
      ...{ partitionsPerRequest: Math.min(20, partitionCount), connectionCount: 20, depth: 1 },
    }),
  ),
  ...[1, 10, 100, 1000, 5000].map((connectionCount) =>
    byFrames({ ...usual, name: `curve-connections-${connectionCount}`, connectionCount, depth: 1 }),
  ),
  ...[1, 4, 16].map(
    (gigabytes): Question => ({
      name: `curve-log-size-${gigabytes}`,
      title: `${gigabytes} GB in 4 partitions, written with acks=1: a clean restart, and 400 MB read from their middle`,
      ask: (broker) => logSize(broker, gigabytes),
    }),
  ),
]

const topic = 'large'
const partitionCount = 4
const messageSize = 1000
const messagesPerBatch = 500
const batchesRead = 200

const logSize = (name: BrokerName, gigabytes: number): Promise<Figure> =>
  onFreshBroker(name, [], async ({ port }, restart) => {
    const topicId = await makeTopic(port, topic, partitionCount, { 'retention.ms': '-1' })
    await untilServed(port, topic, partitionCount)
    const streams = Array.from({ length: partitionCount }, (_, partition) => ({
      frames: [
        produceFrame({
          ...{ topicId, messageSize, acks: 1, partitions: [partition] },
          messagesPerPartition: messagesPerBatch,
        }),
      ],
      depth: 4,
    }))
    const answers = (gigabytes * 1e9) / messageSize / messagesPerBatch
    await pump(port, streams, { answers }, isProduced(1))
    const startedMs = performance.now()
    const { pid } = await restart('stop')
    const ends = await endsOf(port, topic, partitionCount)
    const restartMs = performance.now() - startedMs
    const readers = await Promise.all(ends.map((_, index) => Reader.of(port, topicId, index)))
    const readingMs = performance.now()
    await Promise.all(
      readers.map((reader, index) => {
        reader.offset = Math.floor(ends[index]! / 2)
        return reader.readTo(reader.offset + batchesRead * messagesPerBatch)
      }),
    )
    const seconds = (performance.now() - readingMs) / 1000
    const read = readers.reduce((sum, { bytes }) => sum + bytes, 0) / 1e9
    for (const reader of readers) reader.close()
    return { restartMs, gigabytesPerSecond: read / seconds, brokerRssMb: rssMbOf(pid) }
  })
