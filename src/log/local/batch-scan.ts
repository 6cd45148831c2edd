// Walking the batches of a segment file, a window at a time.
import {
  baseOffsetOf,
  batchHeaderSize,
  batchSizeOf,
  checksumMatches,
  lastOffsetOf,
  lengthEnd,
  magicOf,
} from '#records'
import type { DiskFile } from '#world'
import { batchSizeMax, damageSearchSize, scanWindowSize } from '../limits.ts'

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
  const searched = await readWindow(file, position, Math.min(end - position, damageSearchSize))
  for (let start = 1; start + batchHeaderSize <= searched.length; start += 1) {
    if (searched[start + 16] !== 2) continue
    const size = batchSizeOf(searched, start)
    if (size < batchHeaderSize || start + size > searched.length) continue
    const batch = { bytes: searched, start, end: start + size, position }
    if (isValid(batch, nextOffset, true)) return true
  }
  return false
}
