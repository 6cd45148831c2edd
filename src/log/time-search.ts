import {
  attributesOf,
  baseOffsetOf,
  baseTimestampOf,
  batchHeaderSize,
  codecOf,
  decompressAsync,
  isLogAppendTime,
  leaderEpochOf,
  maxTimestampOf,
  type Pause,
  RecordCursor,
  RecordsError,
  recordCountOf,
} from '#records'
import type { TimedOffset } from './engine.ts'
import { unfoldedSizeMax } from './limits.ts'

/**
 * The first record of a batch at or after a time, and not before the log start; undefined when none is. A batch that cannot be opened
 * is taken as a whole, by what its header says.
 */
export const recordSince = async (
  batch: Buffer,
  timestampMs: number,
  logStart: number,
  pause: Pause,
): Promise<TimedOffset | undefined> => {
  const attributes = attributesOf(batch)
  const codec = codecOf(attributes)
  const body = batch.subarray(batchHeaderSize)
  const leaderEpoch = leaderEpochOf(batch)
  const appendTimeMs = isLogAppendTime(attributes) ? maxTimestampOf(batch) : undefined
  try {
    const records = codec === 0 ? body : await decompressAsync(codec, body, unfoldedSizeMax, pause)
    const cursor = new RecordCursor(records, {
      baseOffset: baseOffsetOf(batch),
      baseTimestampMs: baseTimestampOf(batch),
      count: recordCountOf(batch),
      appendTimeMs,
    })
    while (cursor.next())
      if (cursor.timestampMs >= timestampMs && cursor.offset >= logStart)
        return { offset: cursor.offset, timestampMs: cursor.timestampMs, leaderEpoch }
    return undefined
  } catch (error) {
    if (!(error instanceof RecordsError)) throw error
    return { offset: baseOffsetOf(batch), timestampMs: maxTimestampOf(batch), leaderEpoch }
  }
}
