import type { LogEngine, PartitionId } from '#log'
import {
  baseOffsetOf,
  baseTimestampOf,
  batchHeaderSize,
  batchSizeOf,
  RecordCursor,
  recordCountOf,
} from '#records'
import type { FoundRecord } from './ledger.ts'

const bytesMax = 4000

/** The records from an offset on that one read finds; undefined when it fails. */
export const readSome = async (
  engine: LogEngine,
  { topicId, partition }: PartitionId,
  offset: number,
): Promise<FoundRecord[] | undefined> => {
  const read = {
    topicId,
    partition,
    offset,
    bytesMax,
    committedOnly: false,
    currentLeaderEpoch: -1,
  }
  const [outcome] = await engine.read([read], bytesMax)
  if (!outcome || outcome.error) return undefined
  return recordsOf(Buffer.concat(outcome.records)).filter((record) => record.offset >= offset)
}

/** Everything from the log start to the high watermark. */
export const readAll = async (engine: LogEngine, id: PartitionId): Promise<FoundRecord[]> => {
  const records: FoundRecord[] = []
  let offset = engine.bounds(id)?.logStart ?? 0
  for (;;) {
    const found = await readSome(engine, id, offset)
    const last = found?.at(-1)
    const logStart = engine.bounds(id)?.logStart ?? 0
    if (!found && logStart > offset) {
      // Retention came between two reads.
      offset = logStart
      continue
    }
    if (!found || !last) return records
    records.push(...found)
    offset = last.offset + 1
  }
}

const recordsOf = (bytes: Buffer): FoundRecord[] => {
  const records: FoundRecord[] = []
  for (let start = 0; start < bytes.length; start += batchSizeOf(bytes, start)) {
    const batch = bytes.subarray(start, start + batchSizeOf(bytes, start))
    const cursor = new RecordCursor(batch.subarray(batchHeaderSize), {
      baseOffset: baseOffsetOf(batch),
      baseTimestampMs: baseTimestampOf(batch),
      count: recordCountOf(batch),
    })
    while (cursor.next())
      records.push({
        offset: cursor.offset,
        timestampMs: cursor.timestampMs,
        id: cursor.value?.toString() ?? '',
      })
  }
  return records
}
