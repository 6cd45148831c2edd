import { Fetch } from '#protocol'
import { fetchRequest, WireClient } from '#testing'
import { frameOf, pump } from './pipeline.ts'
import { isProduced, produceFrame } from './produce-frames.ts'

const produceCount = 200_000
const fetchCount = 100_000
const connectionCount = 8
const depth = 16

/**
 * Sends a broker 300,000 small requests, after which Kafka's JIT has compiled what serves them: it is up to
 * four times faster then. The topic has to have one partition.
 */
export const warmUp = async (port: number, topicId: string): Promise<void> => {
  const shape = { topicId, partitions: [0], messagesPerPartition: 1, messageSize: 100 }
  const produce = produceFrame({ ...shape, acks: 1 })
  const streams = (frame: Buffer) =>
    Array.from({ length: connectionCount }, () => ({ frames: [frame], depth }))
  await pump(port, streams(produce), { answers: produceCount }, isProduced(1))
  const fetch = frameOf(
    Fetch,
    17,
    fetchRequest({ name: '', topicId }, 0, { offset: 0, partitionMaxBytes: 1 }),
  )
  const client = await WireClient.connect(port)
  const expected = await client.exchange([fetch])
  client.close()
  // The high watermark in them may still rise.
  const isFetched = (answer: Buffer): boolean =>
    answer.length === expected.length && answer.readInt16BE(errorAt) === 0
  await pump(port, streams(fetch), { answers: fetchCount }, isFetched)
}

/** Behind the correlation id, its tags and the throttle time. */
const errorAt = 4 + 1 + 4
