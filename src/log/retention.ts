// Which of a log's oldest segments may go, as Kafka decides it.
//
//   segments   | 0 … 99 | 100 … 199 | 200 … 249 (active)
//   a reason   |  gone  |   gone    |  only when every record of it is below the high watermark, too:
//                                      then a new, empty segment is begun at 250 first
//
// A segment goes for one of three reasons: it lies before the log start, the log without it is still as
// large as `retention.bytes`, or its newest record is older than `retention.ms`. Each goes by the oldest
// first and ends at the first segment for which it does not hold, so that no hole is made.
import type { LogConfig } from './engine.ts'

/** What of a segment counts for its deletion. */
export interface RetainedSegment {
  baseOffset: number
  /** Bytes. */
  size: number
  /** The largest time of its records, or of its file when no record has one. */
  largestTimeMs: number
}

/** Where a log begins and ends, and how far its records are safe. */
export interface RetainedLog {
  segments: readonly RetainedSegment[]
  logStart: number
  highWatermark: number
  end: number
}

/** The part of a topic's config that says what is kept; a limit below zero keeps for ever. */
export type RetentionConfig = Pick<LogConfig, 'deletes' | 'retentionMs' | 'retentionBytes'>

/**
 * Returns how many of the oldest segments are to be deleted now. When that is all of them, the log has to
 * begin a new one first.
 */
export const expiredCount = (
  { segments, logStart, highWatermark, end }: RetainedLog,
  { deletes, retentionMs, retentionBytes }: RetentionConfig,
  nowMs: number,
): number => {
  const endOf = (index: number): number => segments[index + 1]?.baseOffset ?? end
  let count = 0
  const take = (isDue: (segment: RetainedSegment, index: number) => boolean): void => {
    for (; count < segments.length; count += 1) {
      const segment = segments[count]!
      const isEmptyEnd = count === segments.length - 1 && segment.size === 0
      if (isEmptyEnd || endOf(count) > highWatermark || !isDue(segment, count)) return
    }
  }
  take((_, index) => index < segments.length - 1 && endOf(index) <= logStart)
  if (!deletes) return count
  let surplus = segments.slice(count).reduce((sum, { size }) => sum + size, 0) - retentionBytes
  if (retentionBytes >= 0)
    take(({ size }) => {
      surplus -= size
      return surplus >= 0
    })
  if (retentionMs >= 0) take(({ largestTimeMs }) => nowMs - largestTimeMs > retentionMs)
  return count
}
