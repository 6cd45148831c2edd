// Walking the batches of a segment file, a window at a time.
import {
  baseOffsetOf,
  batchHeaderSize,
  batchSizeOf,
  checksumMatches,
  lastOffsetOf,
  lengthEnd,
  magicOf,
  maxTimestampOf,
  recordCountOf,
} from '#records'
import type { DiskFile } from '#world'
import { batchRecordsMax, batchSizeMax, damageSearchSize, scanWindowSize } from '../limits.ts'

/** A batch in a window of a file: it fills `bytes` from `start` to `end`. */
export interface ScannedBatch {
  bytes: Buffer
  start: number
  end: number
  /** In the file. */
  position: number
}

/** How a walk ended. */
export interface ScanEnd {
  /** After the last batch that was visited. */
  position: number
  /** What stands there is no valid batch. */
  invalid: boolean
}

/** What makes a batch valid besides its size. */
export interface ScanRules {
  /** Check the CRC of each batch. */
  checksums: boolean
  /** No batch begins before this offset, nor before the end of the one before it. */
  nextOffset: number
}

/**
 * Visits the batches from `position` up to `end` in order; a visitor that answers false ends the walk
 * behind the batch it was shown.
 */
export const scanBatches = async (
  file: DiskFile,
  position: number,
  end: number,
  { checksums, nextOffset }: ScanRules,
  visit: (batch: ScannedBatch) => boolean,
): Promise<ScanEnd> => {
  let window: Buffer = Buffer.alloc(0)
  let windowPosition = position
  let expected = nextOffset
  while (position < end) {
    const need = sizeNeeded(window, position - windowPosition, end - position)
    if (need === undefined) return { position, invalid: true }
    if (position - windowPosition + need > window.length) {
      window = await readWindow(
        file,
        position,
        Math.min(Math.max(need, scanWindowSize), end - position),
      )
      windowPosition = position
      if (window.length < need) return { position, invalid: true }
      continue
    }
    const start = position - windowPosition
    const batch = { bytes: window, start, end: start + need, position }
    if (!isValid(batch, expected, checksums)) return { position, invalid: true }
    expected = lastOffsetOf(window, start) + 1
    position += need
    if (!visit(batch)) break
  }
  return { position, invalid: false }
}

/** Bytes from `start` on that must be in the window before the batch there can be looked at. */
const sizeNeeded = (window: Buffer, start: number, left: number): number | undefined => {
  if (left < batchHeaderSize) return undefined
  if (start + lengthEnd > window.length) return batchHeaderSize
  const size = batchSizeOf(window, start)
  return size >= batchHeaderSize && size <= left && size <= batchSizeMax ? size : undefined
}

const readWindow = async (file: DiskFile, position: number, size: number): Promise<Buffer> => {
  const window = Buffer.allocUnsafeSlow(size)
  return window.subarray(0, await file.read(window, position))
}

/**
 * The largest time of a batch's records; -1 when compaction has left none, whatever the header then says:
 * an index must promise no record that is not there.
 */
export const newestRecordMs = (bytes: Buffer, start: number): number =>
  recordCountOf(bytes, start) === 0 ? -1 : maxTimestampOf(bytes, start)

const isValid = (
  { bytes, start, end }: ScannedBatch,
  expected: number,
  checksums: boolean,
): boolean =>
  magicOf(bytes, start) === 2 &&
  baseOffsetOf(bytes, start) >= expected &&
  lastOffsetOf(bytes, start) >= baseOffsetOf(bytes, start) &&
  (!checksums || checksumMatches(bytes, start, end))

/**
 * Whether a valid batch begins somewhere behind a bad one: then the bad one is damage in the middle of
 * a log and not the torn end of what was being written (D9).
 */
export const hasBatchAfter = async (
  file: DiskFile,
  position: number,
  end: number,
  nextOffset: number,
): Promise<boolean> => {
  const last = Math.min(end, position + damageSearchSize)
  return (await nextBatchAfter(file, position, { searchEnd: last, end, nextOffset })) !== undefined
}

/** The position of the first valid batch that begins behind `position` and before `searchEnd`. */
export const nextBatchAfter = async (
  file: DiskFile,
  position: number,
  { searchEnd, end, nextOffset }: { searchEnd: number; end: number; nextOffset: number },
): Promise<number | undefined> => {
  for (let from = position + 1; from + batchHeaderSize <= searchEnd; from += scanWindowSize) {
    const wanted = Math.min(scanWindowSize + batchHeaderSize - 1, searchEnd - from)
    const window = await readWindow(file, from, wanted)
    for (let start = 0; start + batchHeaderSize <= window.length; start += 1) {
      if (!mayBegin(window, start, nextOffset)) continue
      const rules = { checksums: true, nextOffset }
      let found = false
      await scanBatches(file, from + start, end, rules, () => {
        found = true
        return false
      })
      if (found) return from + start
    }
  }
  return undefined
}

/** Whether a header could stand here; checksums of everything else would take minutes. */
const mayBegin = (bytes: Buffer, start: number, nextOffset: number): boolean => {
  if (magicOf(bytes, start) !== 2) return false
  const size = batchSizeOf(bytes, start)
  const base = baseOffsetOf(bytes, start)
  const lastDelta = lastOffsetOf(bytes, start) - base
  const count = recordCountOf(bytes, start)
  return (
    size >= batchHeaderSize &&
    size <= batchSizeMax &&
    base >= nextOffset &&
    base < nextOffset + batchRecordsMax &&
    lastDelta >= 0 &&
    count >= 0 &&
    count <= lastDelta + 1
  )
}
