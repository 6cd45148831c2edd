import { errorNameOf, kafkaError } from '#model'
import { Fetch } from '#protocol'
import {
  attributesOf,
  baseOffsetOf,
  batchHeaderSize,
  batchSizeOf,
  isControl,
  isTransactional,
  lastOffsetOf,
  MarkerType,
  producerIdOf,
  readRecords,
  recordCountOf,
} from '#records'
import type { Topic } from './topic-client.ts'
import type { Requesting } from './wire-client.ts'

/** What a reader of committed records sees of a partition. */
export interface CommittedPart {
  records: readonly CommittedRecord[]
  values: readonly string[]
  lastStable: number
  highWatermark: number
}

/** A committed record. */
export interface CommittedRecord {
  offset: number
  value: string
}

/** Reads a partition, whose batches are not compressed, as consumers with `read_committed` do. */
export const readCommitted = async (
  client: Requesting,
  topic: Topic,
  partition = 0,
): Promise<CommittedPart> => {
  const records: CommittedRecord[] = []
  const aborted = new Set<number>()
  for (let offset = 0; ; ) {
    const answer = await fetchCommitted(client, topic, partition, offset)
    const taken = takeCommitted(answer, aborted)
    records.push(...taken.records)
    const { lastStableOffset: lastStable, highWatermark } = answer
    if (taken.endOffset === undefined || taken.endOffset >= lastStable)
      return { records, values: records.map(({ value }) => value), lastStable, highWatermark }
    offset = taken.endOffset
  }
}

/** The committed records that a fetch has brought, and where it ends; `aborted` is kept from fetch to fetch. */
export const takeCommitted = (
  answer: Awaited<ReturnType<typeof fetchCommitted>>,
  aborted: Set<number>,
): { records: CommittedRecord[]; endOffset: number | undefined } => {
  const bytes = Buffer.concat(answer.records ? [answer.records].flat() : [])
  const begun = [...(answer.abortedTransactions ?? [])]
  begun.sort((a, b) => a.firstOffset - b.firstOffset)
  const records: CommittedRecord[] = []
  let endOffset: number | undefined
  for (let start = 0; start < bytes.length; ) {
    const batch = bytes.subarray(start, start + batchSizeOf(bytes, start))
    start += batch.length
    endOffset = lastOffsetOf(batch) + 1
    while (begun.length > 0 && begun[0]!.firstOffset < endOffset)
      aborted.add(begun.shift()!.producerId)
    records.push(...committedRecords(batch, aborted))
  }
  return { records, endOffset }
}

/** Fetches once; throws the `KafkaError` that it is answered with. */
export const fetchCommitted = async (
  client: Requesting,
  { topicId }: Topic,
  partition: number,
  fetchOffset: number,
) => {
  const response = await client.request(Fetch, 18, {
    maxWaitMs: 0,
    minBytes: 1,
    maxBytes: 64 * 1024 * 1024,
    isolationLevel: 1,
    topics: [
      {
        topicId,
        partitions: [{ partition, fetchOffset, partitionMaxBytes: 64 * 1024 * 1024 }],
      },
    ],
    forgottenTopicsData: [],
  })
  const answer = response.responses[0]!.partitions[0]!
  if (answer.errorCode !== 0) throw kafkaError(errorNameOf(answer.errorCode))
  return answer
}

/** What of a batch is committed; a marker ends the aborted transaction of its producer. */
const committedRecords = (batch: Buffer, aborted: Set<number>): CommittedRecord[] => {
  const attributes = attributesOf(batch)
  const records = readRecords(batch.subarray(batchHeaderSize), {
    baseOffset: baseOffsetOf(batch),
    baseTimestampMs: 0,
    count: recordCountOf(batch),
    appendTimeMs: undefined,
  })
  if (isControl(attributes)) {
    if (records[0]!.key!.readInt16BE(2) === MarkerType.abort) aborted.delete(producerIdOf(batch))
    return []
  }
  if (isTransactional(attributes) && aborted.has(producerIdOf(batch))) return []
  return records.map(({ offset, value }) => ({ offset, value: String(value) }))
}
