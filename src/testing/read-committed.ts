import { errorNameOf, kafkaError } from '#model'
import { Fetch } from '#protocol'
import {
  attributesOf,
  baseOffsetOf,
  batchHeaderSize,
  batchSizeOf,
  isControl,
  isTransactional,
  MarkerType,
  producerIdOf,
  readRecords,
  recordCountOf,
} from '#records'
import type { Topic } from './topic-client.ts'
import type { WireClient } from './wire-client.ts'

/** What a reader of committed records sees of a partition. */
export interface CommittedPart {
  values: readonly string[]
  lastStable: number
  highWatermark: number
}

/** Reads a partition, whose batches are not compressed, as consumers with `read_committed` do. */
export const readCommitted = async (
  client: WireClient,
  { topicId }: Topic,
  partition = 0,
): Promise<CommittedPart> => {
  const response = await client.request(Fetch, 18, {
    maxWaitMs: 0,
    minBytes: 1,
    maxBytes: 64 * 1024 * 1024,
    isolationLevel: 1,
    topics: [
      {
        topicId,
        partitions: [{ partition, fetchOffset: 0, partitionMaxBytes: 64 * 1024 * 1024 }],
      },
    ],
    forgottenTopicsData: [],
  })
  const answer = response.responses[0]!.partitions[0]!
  if (answer.errorCode !== 0) throw kafkaError(errorNameOf(answer.errorCode))
  const bytes = Buffer.concat(answer.records ? [answer.records].flat() : [])
  const begun = [...(answer.abortedTransactions ?? [])].sort(
    (a, b) => a.firstOffset - b.firstOffset,
  )
  return {
    values: committedValues(bytes, begun),
    lastStable: answer.lastStableOffset,
    highWatermark: answer.highWatermark,
  }
}

const committedValues = (
  bytes: Buffer,
  begun: { producerId: number; firstOffset: number }[],
): string[] => {
  const values: string[] = []
  const aborted = new Set<number>()
  for (let start = 0; start < bytes.length; ) {
    const batch = bytes.subarray(start, start + batchSizeOf(bytes, start))
    start += batch.length
    while (begun.length > 0 && begun[0]!.firstOffset <= baseOffsetOf(batch))
      aborted.add(begun.shift()!.producerId)
    const attributes = attributesOf(batch)
    const records = readRecords(batch.subarray(batchHeaderSize), {
      baseOffset: baseOffsetOf(batch),
      baseTimestampMs: 0,
      count: recordCountOf(batch),
      appendTimeMs: undefined,
    })
    if (isControl(attributes)) {
      const [marker] = records
      if (marker!.key!.readInt16BE(2) === MarkerType.abort) aborted.delete(producerIdOf(batch))
    } else if (!isTransactional(attributes) || !aborted.has(producerIdOf(batch)))
      for (const { value } of records) values.push(String(value))
  }
  return values
}
