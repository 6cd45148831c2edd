import type { LogEngine, PartitionId } from '#log'
import {
  attributesOf,
  baseOffsetOf,
  baseTimestampOf,
  batchHeaderSize,
  batchSizeOf,
  checksumMatches,
  isLogAppendTime,
  lastOffsetOf,
  maxTimestampOf,
  readRecords,
  recordCountOf,
} from '#records'

/** A record as a consumer sees it. */
export interface ReadRecord {
  offset: number
  timestampMs: number
  key: string | null
  value: string | null
}

/** Reads a partition from its log start to its end as a consumer does; each read has to get on. */
export const readAll = async (
  engine: LogEngine,
  { topicId, partition }: PartitionId,
): Promise<ReadRecord[]> => {
  const seen: ReadRecord[] = []
  const { logStart, highWatermark } = engine.bounds({ topicId, partition })!
  for (let offset = logStart; offset < highWatermark; ) {
    const ask = { offset, bytesMax: 1e6, committedOnly: false, currentLeaderEpoch: -1 }
    const [outcome] = await engine.read([{ topicId, partition, ...ask }], 1e6)
    if (outcome!.error) throw outcome!.error
    const bytes = Buffer.concat(outcome!.records)
    if (bytes.length === 0)
      throw new Error(`a read from ${offset} of ${highWatermark} finds nothing`)
    for (let start = 0; start < bytes.length; start += batchSizeOf(bytes, start)) {
      const batch = bytes.subarray(start, start + batchSizeOf(bytes, start))
      seen.push(...recordsOf(batch).filter((record) => record.offset >= offset))
      offset = lastOffsetOf(batch) + 1
    }
  }
  return seen
}

const recordsOf = (batch: Buffer): ReadRecord[] => {
  if (!checksumMatches(batch, 0, batch.length)) throw new Error('a batch has a bad checksum')
  const frame = {
    baseOffset: baseOffsetOf(batch),
    baseTimestampMs: baseTimestampOf(batch),
    count: recordCountOf(batch),
    appendTimeMs: isLogAppendTime(attributesOf(batch)) ? maxTimestampOf(batch) : undefined,
  }
  return readRecords(batch.subarray(batchHeaderSize), frame).map(
    ({ offset, timestampMs, key, value }) => ({
      offset,
      timestampMs,
      key: key?.toString() ?? null,
      value: value?.toString() ?? null,
    }),
  )
}
