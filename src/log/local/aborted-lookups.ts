// Which aborted transactions a reader of committed records has to be told of. Those of most segments are
// in memory, because there are none; others are read from `.txnindex`, and made anew where that is bad.
import type { Disk } from '#world'
import { type AbortedSpan, AbortedSpans, abortedAmong } from '../aborted-spans.ts'
import type { AbortedTransaction } from '../engine.ts'
import { ProducerStates } from '../producer-states.ts'
import { scanBatches } from './batch-scan.ts'
import type { Partition } from './partition.ts'
import { replayBatch } from './producer-replay.ts'
import type { Segment } from './segment.ts'

/** What a reader asks for: transactions with anything from one offset on and before another. */
interface Asked {
  from: number
  upTo: number
}

/** The aborted transactions that a reader is told of; `endOffset` is where what it got ends. */
export const abortedBetween = (
  disk: Disk,
  partition: Partition,
  asked: Asked,
  endOffset: () => number,
): AbortedTransaction[] | Promise<AbortedTransaction[]> => {
  const spans: AbortedSpan[] = []
  // Mostly there are none, and then the batches need not be looked at.
  const answer = (): AbortedTransaction[] =>
    spans.length === 0 ? [] : abortedAmong(spans, endOffset())
  const { segments } = partition
  const first = partition.segmentOf(asked.from)
  for (let index = first ? segments.indexOf(first) : 0; index < segments.length; index += 1) {
    const { aborted } = segments[index]!
    if (!aborted) return collectRest(disk, segments, index, asked, spans).then(answer)
    if (!aborted.collect(asked.from, asked.upTo, spans)) break
  }
  return answer()
}

const collectRest = async (
  disk: Disk,
  segments: readonly Segment[],
  first: number,
  { from, upTo }: Asked,
  spans: AbortedSpan[],
): Promise<void> => {
  for (const segment of segments.slice(first)) {
    const aborted = await abortedOf(disk, segments, segment)
    if (!aborted.collect(from, upTo, spans)) return
  }
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
