// The batches of a file as Kafka writes it: segments of a log and snapshots of the metadata look the same.
import {
  attributesOf,
  type BatchRecord,
  baseOffsetOf,
  baseTimestampOf,
  batchHeaderSize,
  batchSizeOf,
  checksumMatches,
  codecOf,
  decompress,
  isControl,
  isTransactional,
  lastOffsetOf,
  magicOf,
  producerEpochOf,
  producerIdOf,
  RecordsError,
  readRecords,
  recordCountOf,
} from '#records'
import type { Disk, DiskFile } from '#world'
import { corrupt } from './kafka-files-error.ts'
import { batchSizeMax, unfoldedSizeMax, windowSize } from './limits.ts'

/** A batch with its records unfolded. */
export interface FileBatch {
  baseOffset: number
  lastOffset: number
  producerId: number
  producerEpoch: number
  /** It carries a marker, not records of its topic. */
  isControl: boolean
  isTransactional: boolean
  records: readonly BatchRecord[]
}

/**
 * Reads the batches of a file one after the other, checksums and all. Throws a `KafkaFilesError` where
 * bytes are no batch, and passes on what the disk rejects with. Zeros at the end, as a file that was made
 * longer in advance has them, are the end.
 */
export async function* readBatches(disk: Disk, path: string): AsyncGenerator<FileBatch> {
  const file = await disk.open(path, 'read')
  try {
    const end = await file.size()
    let position = 0
    let window: Buffer = Buffer.alloc(0)
    let at = 0
    while (position < end) {
      if (window.length - at < batchHeaderSize) {
        window = await windowOf(file, position, windowSize, end)
        at = 0
      }
      if (isAllZero(window, at)) return
      const size = sizeAt(window, at)
      if (size === undefined || size > end - position) throw noBatch(path, position)
      if (window.length - at < size) {
        window = await windowOf(file, position, Math.max(size, windowSize), end)
        at = 0
      }
      yield batchOf(window.subarray(at, at + size), path, position)
      position += size
      at += size
    }
  } finally {
    await file.close()
  }
}

const windowOf = async (
  file: DiskFile,
  position: number,
  size: number,
  end: number,
): Promise<Buffer> => {
  const bytes = Buffer.allocUnsafeSlow(Math.min(size, end - position))
  return bytes.subarray(0, await file.read(bytes, position))
}

const isAllZero = (window: Buffer, at: number): boolean =>
  window.subarray(at, at + batchHeaderSize).every((byte) => byte === 0)

/** The size that a batch says to have; undefined when it can be none. */
const sizeAt = (window: Buffer, at: number): number | undefined => {
  if (window.length - at < batchHeaderSize) return undefined
  const size = batchSizeOf(window, at)
  return size >= batchHeaderSize && size <= batchSizeMax ? size : undefined
}

const batchOf = (bytes: Buffer, path: string, position: number): FileBatch => {
  if (magicOf(bytes) !== 2 || !checksumMatches(bytes, 0, bytes.length))
    throw noBatch(path, position)
  const attributes = attributesOf(bytes)
  const baseOffset = baseOffsetOf(bytes)
  try {
    const unfolded = decompress(
      codecOf(attributes),
      bytes.subarray(batchHeaderSize),
      unfoldedSizeMax,
    )
    const count = recordCountOf(bytes)
    return {
      baseOffset,
      lastOffset: lastOffsetOf(bytes),
      producerId: producerIdOf(bytes),
      producerEpoch: producerEpochOf(bytes),
      isControl: isControl(attributes),
      isTransactional: isTransactional(attributes),
      records: readRecords(unfolded, {
        baseOffset,
        baseTimestampMs: baseTimestampOf(bytes),
        count,
      }),
    }
  } catch (error) {
    if (error instanceof RecordsError) throw noBatch(path, position, error)
    throw error
  }
}

const noBatch = (path: string, position: number, cause?: unknown): Error =>
  corrupt(`What stands at byte ${position} of ${path} is no valid batch.`, cause)
