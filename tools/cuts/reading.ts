import type { LogEngine, PartitionId } from '#log'
import {
  attributesOf,
  baseOffsetOf,
  baseTimestampOf,
  batchHeaderSize,
  batchSizeOf,
  isControl,
  isTransactional,
  lastOffsetOf,
  MarkerType,
  producerEpochOf,
  producerIdOf,
  RecordCursor,
  recordCountOf,
} from '#records'
import type { FoundRecord } from './ledger.ts'

const bytesMax = 4000

/** The name that a marker has among the records. */
export const markerId = (commit: boolean, producerId: number, epoch: number): string =>
  `${commit ? 'commit' : 'abort'} ${producerId}/${epoch}`

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

/** Everything that readers of committed records see from an offset on, up to the last stable one or an error. */
export const readCommitted = async (
  engine: LogEngine,
  id: PartitionId,
  first: number,
): Promise<FoundRecord[]> => {
  const seen: FoundRecord[] = []
  for (let offset = first; ; ) {
    // Retention may come between two reads, and a deletion.
    const bounds = engine.bounds(id)
    if (!bounds) return seen
    offset = Math.max(offset, bounds.logStart)
    const from = offset
    const { topicId, partition } = id
    const ask = { offset, bytesMax, committedOnly: true, currentLeaderEpoch: -1 }
    const [outcome] = await engine.read([{ topicId, partition, ...ask }], bytesMax)
    const isMoved = outcome!.error?.errorName === 'OFFSET_OUT_OF_RANGE'
    if (outcome!.error && !isMoved) return seen
    const bytes = Buffer.concat(outcome!.records)
    if (bytes.length === 0 && !isMoved) return seen
    const begun = [...(outcome!.aborted ?? [])]
    const leftOut = new Set<number>()
    for (let start = 0; start < bytes.length; start += batchSizeOf(bytes, start)) {
      offset = lastOffsetOf(bytes, start) + 1
      while (begun[0] && begun[0].firstOffset < offset) leftOut.add(begun.shift()!.producerId)
      const attributes = attributesOf(bytes, start)
      const producerId = producerIdOf(bytes, start)
      const records = recordsOf(bytes.subarray(start, start + batchSizeOf(bytes, start)))
      if (isControl(attributes)) {
        if (records[0]?.id.startsWith('abort')) leftOut.delete(producerId)
      } else if (!isTransactional(attributes) || !leftOut.has(producerId))
        seen.push(...records.filter((record) => record.offset >= from))
    }
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
        id: isControl(attributesOf(batch)) ? marked(batch, cursor) : String(cursor.value ?? ''),
      })
  }
  return records
}

const marked = (batch: Buffer, { key }: RecordCursor): string =>
  markerId(key!.readInt16BE(2) === MarkerType.commit, producerIdOf(batch), producerEpochOf(batch))
