import type { LogConfig } from './engine.ts'

/** What decides whether another batch still goes into the newest segment. */
export interface RollingSegment {
  baseOffset: number
  /** Bytes. */
  size: number
  /** The largest time of its first batch; undefined while it has none. */
  firstTimestampMs: number | undefined
  /** When it was begun, or found by a start. */
  begunMs: number
  offsetEntryCount: number
}

/** The batch that is to be added: its bytes, its largest time and the offset after its last record. */
export interface RollingBatch {
  size: number
  maxTimestampMs: number
  end: number
  nowMs: number
}

/** Positions in an index file are 32-bit, so a segment is never larger. */
const positionMax = 0x7fffffff
/** Offsets in an index file are relative to the segment's first and 32-bit. */
const offsetDeltaMax = 0x7fffffff
/** Bytes of one entry of the offset index. */
const indexEntrySize = 8

/**
 * Whether a batch begins a new segment, by Kafka's rules: full by size or index, old by the records' own
 * time (its own where its first batch has none), offsets beyond an int32. `jitter` from 0 to 1 is the partition's share of `segment.jitter.ms`.
 */
export const mustRoll = (
  active: RollingSegment,
  { size, maxTimestampMs, end, nowMs }: RollingBatch,
  { segmentBytes, segmentMs, segmentJitterMs, segmentIndexBytes }: LogConfig,
  jitter: number,
): boolean => {
  if (active.size === 0) return false
  const ageMsMax = segmentMs - jitter * Math.min(segmentJitterMs, segmentMs)
  const { firstTimestampMs = -1, begunMs } = active
  const openMs = firstTimestampMs >= 0 ? maxTimestampMs - firstTimestampMs : nowMs - begunMs
  return (
    active.size + size > Math.min(segmentBytes, positionMax) ||
    openMs > ageMsMax ||
    (active.offsetEntryCount + 1) * indexEntrySize > segmentIndexBytes ||
    end - active.baseOffset > offsetDeltaMax
  )
}
