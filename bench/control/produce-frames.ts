// Produce requests as frames that are sent again and again, and what their answers have to look like.
import { Produce } from '#protocol'
import { buildBatch } from '#records'
import { type AnswerCheck, frameOf } from './pipeline.ts'

/** What one request carries: a batch of so many messages for each of the partitions. */
export interface ProduceShape {
  topicId: string
  partitions: readonly number[]
  messagesPerPartition: number
  /** Bytes of a message's value. */
  messageSize: number
  acks: -1 | 1
}

const version = 13

/** A request that no producer id makes unique: it may be sent any number of times. */
export const produceFrame = (shape: ProduceShape): Buffer => {
  const { topicId, partitions, messagesPerPartition, messageSize, acks } = shape
  const record = { timestampMs: Date.now(), key: null, value: textOf(messageSize) }
  const records = buildBatch(Array.from({ length: messagesPerPartition }, () => record))
  return frameOf(Produce, version, {
    transactionalId: null,
    acks,
    timeoutMs: 30_000,
    topicData: [
      { topicId, partitionData: partitions.map((partition) => ({ index: partition, records })) },
    ],
  })
}

/** Letters that compress about as well as text does. */
const textOf = (size: number): Buffer =>
  Buffer.from(
    Array.from({ length: size }, (_, index) => 97 + ((index * 7 + Math.floor(index / 13)) % 26)),
  )

/** Bytes of an answer before its partitions: correlation id, tags, the count of topics, a topic's id. */
const headSize = 4 + 1 + 1 + 16
/** A partition that has taken its batch: index, error, three numbers, no errors, no message, no tags. */
const partitionSize = 4 + 2 + 8 + 8 + 8 + 1 + 1 + 1
const tailSize = 1 + 4 + 1

/** Good when each of the partitions has taken its batch. */
export const isProduced = (partitionCount: number): AnswerCheck => {
  const countSize = partitionCount + 1 < 128 ? 1 : 2
  const size = headSize + countSize + partitionCount * partitionSize + tailSize
  return (answer) => {
    if (answer.length !== size) return false
    for (let index = 0; index < partitionCount; index += 1)
      if (answer.readInt16BE(headSize + countSize + index * partitionSize + 4) !== 0) return false
    return true
  }
}
