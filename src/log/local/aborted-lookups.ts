// Which aborted transactions a reader of committed records has to be told of. Those of most segments are
// in memory, because there are none; others are read from `.txnindex`, and made anew where that is bad.
import type { Disk } from '#world'
import { type AbortedSpan, AbortedSpans, toldOf } from '../aborted-spans.ts'
import type { AbortedTransaction } from '../engine.ts'
import { ProducerStates } from '../producer-states.ts'
import { scanBatches } from './batch-scan.ts'
import type { Partition } from './partition.ts'
import { replayBatch } from './producer-replay.ts'
import type { Segment } from './segment.ts'

/** Where in the log's segments the looking goes on, and what for. */
interface Search {
  segments: readonly Segment[]
  index: number
  from: number
  upTo: number
}

/**
 * The aborted transactions that a reader is told of who got what begins with the batch of offset `from` and
 * ends before `endOffset`, which is only asked for where there are any.
 */
export const abortedBetween = (
  disk: Disk,
  partition: Partition,
  from: number,
  endOffset: () => number,
): AbortedTransaction[] | Promise<AbortedTransaction[]> => {
  const { segments } = partition
  const first = partition.segmentOf(from)
  for (let index = first ? segments.indexOf(first) : 0; index < segments.length; index += 1)
    if (segments[index]!.aborted?.count !== 0)
      return collect(disk, { segments, index, from, upTo: endOffset() })
  return []
}

const collect = (
  disk: Disk,
  search: Search,
): AbortedTransaction[] | Promise<AbortedTransaction[]> => {
  const { segments, from, upTo } = search
  const spans: AbortedSpan[] = []
  for (let { index } = search; index < segments.length; index += 1) {
    const { aborted } = segments[index]!
    if (!aborted) return collectSlowly(disk, { ...search, index }, spans)
    if (!aborted.collect(from, upTo, spans)) break
  }
  return toldOf(spans)
}

const collectSlowly = async (
  disk: Disk,
  { segments, index, from, upTo }: Search,
  spans: AbortedSpan[],
): Promise<AbortedTransaction[]> => {
  for (const segment of segments.slice(index)) {
    const aborted = await abortedOf(disk, segments, segment)
    if (!aborted.collect(from, upTo, spans)) break
  }
  return toldOf(spans)
}

/** The aborted transactions whose markers are in one of the segments of a log. */
export const abortedOf = async (
  disk: Disk,
  segments: readonly Segment[],
  segment: Segment,
): Promise<AbortedSpans> =>
  segment.aborted ?? (await segment.loadAborted(disk)) ?? remake(disk, segments, segment)

/** A transaction may have begun in any segment before the one that has its marker. */
const remake = async (
  disk: Disk,
  segments: readonly Segment[],
  wanted: Segment,
): Promise<AbortedSpans> => {
  const producers = new ProducerStates(Number.POSITIVE_INFINITY)
  let found = new AbortedSpans()
  for (const { path, baseOffset, size } of segments) {
    if (baseOffset > wanted.baseOffset) break
    found = new AbortedSpans()
    const file = await disk.open(path, 'read')
    try {
      const rules = { checksums: false, nextOffset: baseOffset }
      await scanBatches(file, 0, size, rules, ({ bytes, start, end }) => {
        const span = replayBatch(producers, bytes, start, end, 0)
        if (span) found.add(span)
        return true
      })
    } finally {
      await file.close()
    }
  }
  wanted.aborted = found
  return found
}
