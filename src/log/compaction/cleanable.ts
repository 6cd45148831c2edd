// Which part of a log can be cleaned, whether it is time to, and in which portions: Kafka's rules.
//
//     log start ── clean ── first dirty ── cleanable ── first uncleanable ── … ── end

/** What of a topic's config concerns cleaning. Times in milliseconds. */
export interface CleaningConfig {
  segmentBytes: number
  segmentIndexBytes: number
  minCleanableDirtyRatio: number
  minCompactionLagMs: number
  maxCompactionLagMs: number
}

/** A segment as far as cleaning is concerned. */
export interface CleanableSegment {
  baseOffset: number
  size: number
  /** Bytes of its offset index. */
  indexSize: number
  /** -1 when there is none. */
  firstTimestampMs: number
  maxTimestampMs: number
}

/** A log as far as cleaning is concerned. */
export interface CleanableLog<Segment extends CleanableSegment = CleanableSegment> {
  /** Ascending; the last one is written to. */
  segments: readonly Segment[]
  logStart: number
  end: number
  /** Nothing at or behind it may be touched: the last stable offset, and what is not safe on disk. */
  limit: number
  /** Where the last cleaning ended, if there was one. */
  cleanedTo: number | undefined
}

/** What there is to be cleaned. */
export interface CleaningPlan {
  firstDirtyOffset: number
  firstUncleanableOffset: number
  cleanBytes: number
  dirtyBytes: number
  /** The share of dirty bytes, from 0 to 1. */
  ratio: number
  /** It is time. */
  isDue: boolean
}

/** What a cleaning of the log would be now. */
export const planCleaning = (
  log: CleanableLog,
  config: CleaningConfig,
  nowMs: number,
): CleaningPlan => {
  const { segments, logStart, end, limit } = log
  const cleanedTo = log.cleanedTo ?? logStart
  const firstDirtyOffset = cleanedTo < logStart || cleanedTo > end ? logStart : cleanedTo
  const closed = segments.slice(0, -1)
  const activeBase = segments.at(-1)?.baseOffset ?? logStart
  const closedFrom = (offset: number): readonly CleanableSegment[] =>
    offset >= activeBase ? [] : segmentsFrom(closed, offset)
  const dirty = closedFrom(firstDirtyOffset)
  const young = dirty.find(
    ({ maxTimestampMs }) => maxTimestampMs > nowMs - config.minCompactionLagMs,
  )
  const youngBase = config.minCompactionLagMs > 0 ? young?.baseOffset : undefined
  const bound = Math.max(firstDirtyOffset, Math.min(limit, activeBase, youngBase ?? activeBase))
  // A segment is cleaned as a whole, so the one that holds the bound is not.
  const firstUncleanableOffset = closedFrom(bound)[0]?.baseOffset ?? activeBase
  const cleanBytes = sizeOf(closed.filter(({ baseOffset }) => baseOffset < firstDirtyOffset))
  const dirtyBytes = sizeOf(dirty.filter(({ baseOffset }) => baseOffset < firstUncleanableOffset))
  const ratio = dirtyBytes === 0 ? 0 : dirtyBytes / (cleanBytes + dirtyBytes)
  const isDue =
    dirtyBytes > 0 &&
    (ratio > config.minCleanableDirtyRatio || isOverdue(dirty, config.maxCompactionLagMs, nowMs))
  return { firstDirtyOffset, firstUncleanableOffset, cleanBytes, dirtyBytes, ratio, isDue }
}

/**
 * Segments that are to become one each: as many neighbours as fit into one segment and its index, their
 * offsets within 32 bits of its first.
 */
export const groupSegments = <Segment extends CleanableSegment>(
  segments: readonly Segment[],
  { segmentBytes, segmentIndexBytes }: CleaningConfig,
  endOffset: number,
): Segment[][] => {
  const groups: Segment[][] = []
  let size = 0
  let indexSize = 0
  segments.forEach((segment, index) => {
    const group = groups.at(-1)
    const next = segments[index + 1]?.baseOffset ?? endOffset
    size += segment.size
    indexSize += segment.indexSize
    const fits =
      group !== undefined &&
      size <= segmentBytes &&
      indexSize <= segmentIndexBytes &&
      next - 1 - group[0]!.baseOffset <= offsetDeltaMax
    if (fits) {
      group.push(segment)
      return
    }
    groups.push([segment])
    size = segment.size
    indexSize = segment.indexSize
  })
  return groups
}

const offsetDeltaMax = 0x7fffffff

/** The segments from the one that holds an offset on. */
const segmentsFrom = (
  segments: readonly CleanableSegment[],
  offset: number,
): readonly CleanableSegment[] =>
  segments.slice(
    Math.max(
      0,
      segments.findLastIndex(({ baseOffset }) => baseOffset <= offset),
    ),
  )

const isOverdue = (
  dirty: readonly CleanableSegment[],
  maxCompactionLagMs: number,
  nowMs: number,
): boolean =>
  dirty.some(
    ({ firstTimestampMs }) => firstTimestampMs > 0 && firstTimestampMs < nowMs - maxCompactionLagMs,
  )

const sizeOf = (segments: readonly CleanableSegment[]): number =>
  segments.reduce((sum, { size }) => sum + size, 0)
