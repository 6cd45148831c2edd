// Reading a partition with our own codec, over nothing but the wire.
import { Fetch, ListOffsets, Metadata } from '#protocol'
import {
  attributesOf,
  baseOffsetOf,
  baseTimestampOf,
  batchHeaderSize,
  batchSizeOf,
  codecOf,
  decompress,
  readRecords,
  recordCountOf,
} from '#records'
import type { WireClient } from '#testing'

const unfoldedSizeMax = 64 * 1024 * 1024

/** All values of partition 0, each with a newline behind it. */
export const readText = async (client: WireClient, topic: string): Promise<Buffer> => {
  const { topics } = await client.request(ListOffsets, 7, {
    replicaId: -1,
    isolationLevel: 0,
    topics: [{ name: topic, partitions: [{ partitionIndex: 0, timestamp: -1 }] }],
  })
  const end = topics[0]!.partitions[0]!.offset
  const pieces: Buffer[] = []
  const newline = Buffer.from('\n')
  for (let offset = 0; offset < end; ) {
    const bytes = await fetchFrom(client, topic, offset)
    for (let start = 0; start < bytes.length; start += batchSizeOf(bytes, start))
      for (const record of recordsOf(bytes.subarray(start, start + batchSizeOf(bytes, start)))) {
        if (record.offset !== offset) throw new Error(`offset ${record.offset} came for ${offset}`)
        pieces.push(record.value ?? Buffer.alloc(0), newline)
        offset += 1
      }
  }
  return Buffer.concat(pieces)
}

/** Makes the topic, with the broker's default of one partition. */
export const makeTopic = async (client: WireClient, name: string): Promise<void> => {
  const { topics } = await client.request(Metadata, 8, { topics: [{ name }] })
  if (topics[0]?.errorCode !== 0) throw new Error(`the topic was not made: ${topics[0]?.errorCode}`)
}

const fetchFrom = async (client: WireClient, topic: string, offset: number): Promise<Buffer> => {
  const { responses } = await client.request(Fetch, 12, {
    maxWaitMs: 1000,
    minBytes: 1,
    maxBytes: 8_000_000,
    topics: [
      { topic, partitions: [{ partition: 0, fetchOffset: offset, partitionMaxBytes: 4_000_000 }] },
    ],
    forgottenTopicsData: [],
  })
  const answer = responses[0]!.partitions[0]!
  if (answer.errorCode !== 0) throw new Error(`a fetch failed with ${answer.errorCode}`)
  return answer.records as Buffer
}

const recordsOf = (batch: Buffer) => {
  const codec = codecOf(attributesOf(batch))
  return readRecords(decompress(codec, batch.subarray(batchHeaderSize), unfoldedSizeMax), {
    baseOffset: baseOffsetOf(batch),
    baseTimestampMs: baseTimestampOf(batch),
    count: recordCountOf(batch),
  })
}
