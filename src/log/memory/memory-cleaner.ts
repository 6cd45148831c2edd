// Compaction in memory: what a log engine's cleaning amounts to when there are no files to swap.
import { lastOffsetOf, maxTimestampOf, recordCountOf } from '#records'
import { type AbortedSpan, AbortedSpans } from '../aborted-spans.ts'
import { type CleanableSegment, groupSegments, planCleaning } from '../compaction/cleanable.ts'
import type { CleanerSettings } from '../compaction/cleaner-settings.ts'
import { Compaction, lastsOf } from '../compaction.ts'
import type { LogConfig } from '../engine.ts'
import type { ProducerStates } from '../producer-states.ts'
import { StableOffset } from '../stable-offset.ts'

/** What would be a segment file on a disk. */
export interface MemorySegment {
  baseOffset: number
  batches: Buffer[]
  size: number
  firstTimestampMs: number | undefined
  maxTimestampMs: number
  begunMs: number
  /** The aborted transactions whose markers are in it. */
  aborted: AbortedSpans
  /** When it was written to last. */
  modifiedMs: number
}

/** A log in memory as far as cleaning is concerned. */
export interface MemoryCleanable {
  segments: MemorySegment[]
  end: number
  logStart: number
  config: LogConfig
  producers: ProducerStates
  cleanedTo: number | undefined
}

interface PlannedSegment extends CleanableSegment {
  of: MemorySegment
}

/** Cleans the log once when that is due; true when it was. */
export const cleanInMemory = (
  log: MemoryCleanable,
  { dedupeBufferSize, loadFactor }: CleanerSettings,
  nowMs: number,
): boolean => {
  const { config, end, logStart, producers } = log
  const segments = log.segments.map(described)
  const limit = new StableOffset().of(producers, end, logStart)
  const plan = planCleaning({ ...log, segments, limit }, config, nowMs)
  if (!config.compacted || !plan.isDue) return false
  const { firstDirtyOffset, firstUncleanableOffset } = plan
  const aborted: AbortedSpan[] = []
  for (const { of } of segments) of.aborted.collect(0, firstUncleanableOffset, aborted)
  const compaction = new Compaction({
    sizeMax: dedupeBufferSize,
    loadFactor,
    keysMax: firstUncleanableOffset - firstDirtyOffset,
    // Nobody aims at the keys of a log that tests keep in memory.
    secret: Buffer.alloc(16),
    firstDirtyOffset,
    nowMs,
    deleteRetentionMs: config.deleteRetentionMs,
    aborted,
    producers: lastsOf(producers.entries),
  })
  const cleanable = segments.filter(({ baseOffset }) => baseOffset < firstUncleanableOffset)
  for (const batch of cleanable.flatMap(({ of }) => of.batches))
    if (lastOffsetOf(batch) >= firstDirtyOffset) compaction.learn(batch, 0, batch.length)
  compaction.learntUpTo(firstUncleanableOffset)
  const touched = cleanable.filter(({ baseOffset }) => baseOffset < compaction.end)
  const groups = groupSegments(touched, config, firstUncleanableOffset)
  const kept = groups.map((group) => keepGroup(compaction, group))
  log.segments = [...kept, ...log.segments.slice(touched.length)]
  log.cleanedTo = compaction.end
  return true
}

const described = (segment: MemorySegment): PlannedSegment => {
  const { baseOffset, size, firstTimestampMs = -1, modifiedMs } = segment
  const maxTimestampMs = segment.maxTimestampMs >= 0 ? segment.maxTimestampMs : modifiedMs
  return { baseOffset, size, indexSize: 0, firstTimestampMs, maxTimestampMs, of: segment }
}

const keepGroup = (compaction: Compaction, group: readonly PlannedSegment[]): MemorySegment => {
  const before = group.flatMap(({ of }) => of.batches)
  const changesBefore = compaction.changeCount
  const batches = before.flatMap((batch, index) => {
    const kept = compaction.keep(batch, 0, batch.length, index === before.length - 1)
    return kept ?? []
  })
  const aborted = compaction.takeAborted()
  if (group.length === 1 && compaction.changeCount === changesBefore) return group[0]!.of
  const [first] = batches
  return {
    baseOffset: group[0]!.baseOffset,
    batches,
    size: batches.reduce((sum, { length }) => sum + length, 0),
    firstTimestampMs: first && maxTimestampOf(first),
    maxTimestampMs: largestTimeOf(batches),
    begunMs: group[0]!.of.begunMs,
    aborted: new AbortedSpans(aborted),
    modifiedMs: group.at(-1)!.of.modifiedMs,
  }
}

/** A batch without records keeps a time that is nobody's any more. */
export const largestTimeOf = (batches: readonly Buffer[]): number =>
  batches.reduce(
    (ms, batch) => (recordCountOf(batch) > 0 ? Math.max(ms, maxTimestampOf(batch)) : ms),
    -1,
  )
