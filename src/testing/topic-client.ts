// What tests most often ask of a broker, over the wire and in the newest versions. Every answer is
// checked, and an error rejects with its name.
import { crc32c } from '#bytes'
import { errorNameOf, zeroUuid } from '#model'
import {
  CreateTopics,
  DeleteTopics,
  Fetch,
  InitProducerId,
  Metadata,
  Produce,
  type RequestInput,
} from '#protocol'
import { type BatchRecord, decompress, readRecords } from '#records'
import type { WireClient } from './wire-client.ts'

/** A topic as the newest requests name it, and as the older ones do. */
export interface Topic {
  name: string
  topicId: string
}

/** A batch as it was read, its records unfolded. */
export interface ReadBatch {
  baseOffset: number
  /** The offset after its last record. */
  endOffset: number
  leaderEpoch: number
  codec: number
  records: readonly BatchRecord[]
}

/** What one fetch of a partition brought. */
export interface ReadPart {
  batches: readonly ReadBatch[]
  highWatermark: number
  /** Where to read on. */
  nextOffset: number
}

/** Where to read from, and how much at a time. */
export interface ReadOptions {
  offset?: number
  maxWaitMs?: number
  partitionMaxBytes?: number
  currentLeaderEpoch?: number
  /** Whether only what is committed is read. */
  isCommittedOnly?: boolean
}

const recordsSizeMax = 256 * 1024 * 1024

/** Makes a topic and resolves to it. */
export const createTopic = async (
  client: WireClient,
  name: string,
  { partitions = 1, configs = {} }: { partitions?: number; configs?: Record<string, string> } = {},
): Promise<Topic> => {
  const { topics } = await client.request(CreateTopics, 7, {
    topics: [
      {
        name,
        numPartitions: partitions,
        replicationFactor: 1,
        assignments: [],
        configs: Object.entries(configs).map(([key, value]) => ({ name: key, value })),
      },
    ],
    timeoutMs: 30_000,
  })
  const [made] = topics
  if (made?.errorCode !== 0) throw failure(`creating ${name}`, made?.errorCode ?? -1)
  return { name, topicId: made.topicId }
}

/** Deletes a topic. */
export const deleteTopic = async (client: WireClient, { name }: Topic): Promise<void> => {
  const { responses } = await client.request(DeleteTopics, 6, {
    topics: [{ name, topicId: zeroUuid }],
    timeoutMs: 30_000,
  })
  const code = responses[0]?.errorCode ?? -1
  if (code !== 0) throw failure(`deleting ${name}`, code)
}

/** A topic with what Metadata says of its partitions. */
export interface ListedTopic extends Topic {
  partitionCount: number
  /** Of the first partition. */
  leaderEpoch: number
}

/** Lists all topics. */
export const listTopics = async (client: WireClient): Promise<ListedTopic[]> => {
  const { topics } = await client.request(Metadata, 12, { topics: null })
  return topics.map(({ name, topicId, partitions }) => ({
    name: name!,
    topicId,
    partitionCount: partitions.length,
    leaderEpoch: partitions[0]?.leaderEpoch ?? -1,
  }))
}

/** Returns an id for an idempotent producer, in its first epoch. */
export const newProducerId = async (client: WireClient): Promise<number> => {
  const answer = await client.request(InitProducerId, 5, {
    transactionalId: null,
    transactionTimeoutMs: 0,
  })
  if (answer.errorCode !== 0) throw failure('initialising a producer', answer.errorCode)
  return Number(answer.producerId)
}

/** A produce request (version 13) of one batch for one partition. */
export const produceRequest = (
  { topicId }: Topic,
  partition: number,
  records: Uint8Array | null,
  acks: number,
): RequestInput<typeof Produce> => ({
  transactionalId: null,
  acks,
  timeoutMs: 30_000,
  topicData: [{ topicId, partitionData: [{ index: partition, records }] }],
})

/** Appends a batch and resolves to the offset that its first record was given. */
export const produceBatch = async (
  client: WireClient,
  topic: Topic,
  records: Uint8Array,
  { partition = 0, acks = -1 }: { partition?: number; acks?: number } = {},
): Promise<number> => {
  const { responses } = await client.request(
    Produce,
    13,
    produceRequest(topic, partition, records, acks),
  )
  const answer = responses[0]!.partitionResponses[0]!
  if (answer.errorCode !== 0)
    throw failure(`producing to ${topic.name}-${partition}`, answer.errorCode)
  return answer.baseOffset
}

/** A fetch request (version 18) of one partition. */
export const fetchRequest = (
  { topicId }: Topic,
  partition: number,
  options: ReadOptions = {},
): RequestInput<typeof Fetch> => ({
  maxWaitMs: options.maxWaitMs ?? 0,
  minBytes: 1,
  maxBytes: 64 * 1024 * 1024,
  isolationLevel: options.isCommittedOnly ? 1 : 0,
  topics: [
    {
      topicId,
      partitions: [
        {
          partition,
          fetchOffset: options.offset ?? 0,
          partitionMaxBytes: options.partitionMaxBytes ?? 8 * 1024 * 1024,
          currentLeaderEpoch: options.currentLeaderEpoch ?? -1,
        },
      ],
    },
  ],
  forgottenTopicsData: [],
})

/** Fetches once; records before the offset asked for, which share a batch with it, are there too. */
export const readOnce = async (
  client: WireClient,
  topic: Topic,
  partition = 0,
  options: ReadOptions = {},
): Promise<ReadPart> => {
  const response = await client.request(Fetch, 18, fetchRequest(topic, partition, options))
  const answer = response.responses[0]?.partitions[0]
  const code = response.errorCode || (answer?.errorCode ?? -1)
  if (!answer || code !== 0) throw failure(`fetching ${topic.name}-${partition}`, code)
  const batches = readBatches(answer.records ?? Buffer.alloc(0))
  return {
    batches,
    highWatermark: answer.highWatermark,
    nextOffset: batches.at(-1)?.endOffset ?? options.offset ?? 0,
  }
}

/** Reads a partition to the high watermark that the first fetch told, one fetch after the other. */
export async function* readToEnd(
  client: WireClient,
  topic: Topic,
  partition = 0,
  options: ReadOptions = {},
): AsyncGenerator<ReadPart> {
  let part = await readOnce(client, topic, partition, options)
  const end = part.highWatermark
  yield part
  while (part.nextOffset < end) {
    const offset = part.nextOffset
    part = await readOnce(client, topic, partition, { ...options, offset })
    if (part.nextOffset === offset)
      throw new Error(
        `${topic.name}-${partition} has nothing at ${offset} and should end at ${end}`,
      )
    yield part
  }
}

/** Cuts a fetch's bytes into batches and checks the checksum, offsets and count of each. */
export const readBatches = (bytes: Buffer): ReadBatch[] => {
  const batches: ReadBatch[] = []
  for (let position = 0; position < bytes.length; ) {
    const size = 12 + bytes.readInt32BE(position + 8)
    const batch = bytes.subarray(position, position + size)
    if (batch.length < size) throw new Error('a fetch ends in the middle of a batch')
    batches.push(readBatch(batch))
    position += size
  }
  return batches
}

const logAppendTimeBit = 0x08

const readBatch = (batch: Buffer): ReadBatch => {
  const baseOffset = Number(batch.readBigInt64BE(0))
  if (batch.readUInt32BE(17) !== crc32c(batch.subarray(21)))
    throw new Error(`the batch at offset ${baseOffset} has a wrong checksum`)
  const attributes = batch.readInt16BE(21)
  const codec = attributes & 7
  const records = readRecords(decompress(codec, batch.subarray(61), recordsSizeMax), {
    baseOffset,
    baseTimestampMs: Number(batch.readBigInt64BE(27)),
    count: batch.readInt32BE(57),
    appendTimeMs: attributes & logAppendTimeBit ? Number(batch.readBigInt64BE(35)) : undefined,
  })
  return {
    baseOffset,
    endOffset: baseOffset + batch.readInt32BE(23) + 1,
    leaderEpoch: batch.readInt32BE(12),
    codec,
    records,
  }
}

const failure = (deed: string, code: number): Error => new Error(`${deed}: ${errorNameOf(code)}`)
