// What a compacted log has to hold, said as plainly as can be.
import {
  attributesOf,
  baseOffsetOf,
  baseTimestampOf,
  batchHeaderSize,
  batchSizeOf,
  checksumMatches,
  codecOf,
  decompress,
  lastOffsetOf,
  readRecords,
  recordCountOf,
} from '#records'
import type { LogEngine, PartitionId } from './engine.ts'

/** A record as a test sees it. */
export interface SeenRecord {
  offset: number
  timestampMs: number
  key: string | null
  value: string | null
}

/** All records of a partition, read as a consumer does; sees to it that every read gets on. */
export const readAll = async (engine: LogEngine, id: PartitionId): Promise<SeenRecord[]> => {
  const seen: SeenRecord[] = []
  const end = engine.bounds(id)!.highWatermark
  for (let offset = engine.bounds(id)!.logStart; offset < end; ) {
    const ask = { offset, bytesMax: 1e6, committedOnly: false, currentLeaderEpoch: -1 }
    const [outcome] = await engine.read([{ ...id, ...ask }], 1e6)
    const { logStart } = engine.bounds(id)!
    if (logStart > offset) {
      // Retention came between two reads: a consumer goes on at the log start.
      offset = logStart
      continue
    }
    if (outcome!.error) throw outcome!.error
    const bytes = Buffer.concat(outcome!.records)
    if (bytes.length === 0) throw new Error(`a read from ${offset} of ${end} found nothing`)
    seen.push(...recordsOf(outcome!.records).filter((record) => record.offset >= offset))
    for (let start = 0; start < bytes.length; start += batchSizeOf(bytes, start))
      offset = lastOffsetOf(bytes, start) + 1
  }
  return seen
}

/** The records of batches that were read, each of which must be sound. */
export const recordsOf = (chunks: readonly Uint8Array[]): SeenRecord[] => {
  const bytes = Buffer.concat(chunks)
  const seen: SeenRecord[] = []
  for (let start = 0; start < bytes.length; start += batchSizeOf(bytes, start)) {
    const batch = bytes.subarray(start, start + batchSizeOf(bytes, start))
    if (!checksumMatches(batch, 0, batch.length)) throw new Error(`a bad checksum at ${start}`)
    const body = decompress(codecOf(attributesOf(batch)), batch.subarray(batchHeaderSize), 1e9)
    const frame = {
      baseOffset: baseOffsetOf(batch),
      baseTimestampMs: baseTimestampOf(batch),
      count: recordCountOf(batch),
    }
    for (const { offset, timestampMs, key, value } of readRecords(body, frame))
      seen.push({
        offset,
        timestampMs,
        key: key?.toString() ?? null,
        value: value?.toString() ?? null,
      })
  }
  return seen
}
