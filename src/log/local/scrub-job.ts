// The part of a scrub that takes long, made to run beside the event loop.
import { lastOffsetOf } from '#records'
import { ThreadEnded, type ThreadSurroundings } from '#world'
import { scrubPieceSize } from '../limits.ts'
import { scanBatches } from './batch-scan.ts'
import type { Throttle } from './throttle.ts'

/** A closed segment that is to be checked. */
export interface ScrubQuestion {
  path: string
  baseOffset: number
  /** Bytes. */
  size: number
  bytesPerSecondMax: number
}

/** Where a segment has no sound batch: a byte of its file, and the first offset that may be lost. */
export interface BadBatch {
  position: number
  offset: number
}

/** Reads all batches of a segment; resolves to the first that is not as it was written. */
export const findBadBatch = async (
  { disk, isEnded }: ThreadSurroundings,
  throttle: Throttle,
  { path, baseOffset, size }: ScrubQuestion,
): Promise<BadBatch | undefined> => {
  const file = await disk.open(path, 'read')
  try {
    let offset = baseOffset
    for (let position = 0; position < size; ) {
      if (isEnded()) throw new ThreadEnded()
      const pieceEnd = position + scrubPieceSize
      const rules = { checksums: true, nextOffset: offset }
      const stopped = await scanBatches(file, position, size, rules, (batch) => {
        offset = lastOffsetOf(batch.bytes, batch.start) + 1
        return batch.position < pieceEnd
      })
      if (stopped.invalid) return { position: stopped.position, offset }
      await throttle.spend(stopped.position - position)
      position = stopped.position
    }
    return undefined
  } finally {
    await file.close()
  }
}
