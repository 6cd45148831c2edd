// The part of a cleaning that takes long, made to run beside the event loop: it reads closed segments
// and writes `.cleaned` files, a group of segments at a time. It holds no lock and changes no file that is
// in use; whoever asked puts the result in its place, or throws it away.
import { lastOffsetOf } from '#records'
import { type DiskFile, ThreadEnded, type ThreadSurroundings } from '#world'
import { AbortedSpans } from '../aborted-spans.ts'
import { Compaction, type CompactionOptions } from '../compaction.ts'
import {
  cleaningPieceSize,
  cleaningSyncSize,
  cleaningWriteSize,
  segmentSizeMax,
} from '../limits.ts'
import { LogError } from '../log-error.ts'
import { newestRecordMs, type ScannedBatch, scanBatches } from './batch-scan.ts'
import { Segment } from './segment.ts'
import { cleanedEnding } from './swap-files.ts'
import { Throttle } from './throttle.ts'

/** A segment that is to be read. */
export interface JobSegment {
  baseOffset: number
  size: number
}

/** What a job is asked: first once to learn, then for each group to keep, and to let go of its memory. */
export type CleaningQuestion =
  | {
      kind: 'learn'
      folder: string
      segments: readonly JobSegment[]
      /** Where the last of them ends. */
      endOffset: number
      bytesPerSecondMax: number
      compaction: CompactionOptions
    }
  | { kind: 'keep'; segments: readonly JobSegment[]; indexIntervalBytes: number }
  | { kind: 'release' }

/** What was learnt. */
export interface Learnt {
  /** The next cleaning begins here. */
  end: number
  mapSize: number
}

/** What was written. */
export interface Written {
  size: number
  /** False when the group is one segment of which everything stays: nothing was left behind then. */
  isChanged: boolean
}

/** One cleaning of one partition. */
export class CleaningJob {
  readonly #surroundings: ThreadSurroundings
  readonly #folder: string
  readonly #compaction: Compaction
  readonly #throttle: Throttle

  constructor(
    surroundings: ThreadSurroundings,
    question: Extract<CleaningQuestion, { kind: 'learn' }>,
  ) {
    this.#surroundings = surroundings
    this.#folder = question.folder
    this.#compaction = new Compaction(question.compaction)
    this.#throttle = new Throttle(surroundings.clock, question.bytesPerSecondMax)
  }

  async learn({
    segments,
    endOffset,
    compaction: { firstDirtyOffset },
  }: Extract<CleaningQuestion, { kind: 'learn' }>): Promise<Learnt> {
    const compaction = this.#compaction
    for (const segment of segments) {
      if (compaction.full) break
      await this.#walk(segment, ({ bytes, start, end }) => {
        if (lastOffsetOf(bytes, start) < firstDirtyOffset) return true
        return compaction.learn(bytes, start, end)
      })
    }
    compaction.learntUpTo(endOffset)
    return { end: compaction.end, mapSize: compaction.mapSize }
  }

  async keep({
    segments,
    indexIntervalBytes,
  }: Extract<CleaningQuestion, { kind: 'keep' }>): Promise<Written> {
    const { disk } = this.#surroundings
    const changesBefore = this.#compaction.changeCount
    const cleaned = new Segment(this.#folder, segments[0]!.baseOffset, 0, cleanedEnding)
    cleaned.startIndexes()
    const file = await disk.open(cleaned.path, 'create')
    try {
      await file.truncate(0)
      const output = new Output(file, cleaned, indexIntervalBytes)
      const last = segments.findLast(({ size }) => size > 0)
      for (const segment of segments)
        await this.#walk(
          segment,
          ({ bytes, start, end, position }) => {
            const isLast = segment === last && position + end - start === segment.size
            const kept = this.#compaction.keep(bytes, start, end, isLast)
            if (kept) output.add(kept)
            return true
          },
          () => output.settle(this.#throttle),
        )
      output.write()
      cleaned.aborted = new AbortedSpans(this.#compaction.takeAborted())
      const isChanged =
        cleaned.size > 0 && (segments.length > 1 || this.#compaction.changeCount > changesBefore)
      if (isChanged) await file.sync()
      else await disk.remove(cleaned.path)
      if (isChanged) await cleaned.writeIndexes(disk)
      return { size: cleaned.size, isChanged }
    } catch (error) {
      // A full disk needs the room; whatever else it was, nobody will ask for this file.
      await disk.remove(cleaned.path)
      throw error
    } finally {
      await file.close()
    }
  }

  release(): void {
    this.#compaction.release()
  }

  /** Visits all batches of a segment, piece by piece; `pause` is what is to be done between pieces. */
  async #walk(
    { baseOffset, size }: JobSegment,
    visit: (batch: ScannedBatch) => boolean,
    pause: () => Promise<void> = async () => undefined,
  ): Promise<void> {
    const { disk } = this.#surroundings
    const { path } = new Segment(this.#folder, baseOffset, size)
    const file = await disk.open(path, 'read')
    try {
      let nextOffset = baseOffset
      let goesOn = true
      for (let position = 0; position < size && goesOn; ) {
        if (this.#surroundings.isEnded()) throw new ThreadEnded()
        const pieceEnd = position + cleaningPieceSize
        const rules = { checksums: true, nextOffset }
        const stopped = await scanBatches(file, position, size, rules, (batch) => {
          nextOffset = lastOffsetOf(batch.bytes, batch.start) + 1
          goesOn = visit(batch)
          return goesOn && batch.position < pieceEnd
        })
        if (stopped.invalid)
          throw new LogError('LOG_CORRUPT', `${path} has no sound batch at ${stopped.position}`)
        await this.#throttle.spend(stopped.position - position)
        position = stopped.position
        await pause()
      }
    } finally {
      await file.close()
    }
  }
}

/** What is written of a new segment. */
class Output {
  readonly #file: DiskFile
  readonly #segment: Segment
  readonly #indexIntervalBytes: number
  #chunks: Buffer[] = []
  #pending = 0
  #unsynced = 0
  #spent = 0

  constructor(file: DiskFile, segment: Segment, indexIntervalBytes: number) {
    this.#file = file
    this.#segment = segment
    this.#indexIntervalBytes = indexIntervalBytes
  }

  add(batch: Buffer): void {
    const segment = this.#segment
    const place = {
      position: segment.size,
      size: batch.length,
      lastOffset: lastOffsetOf(batch),
      maxTimestampMs: newestRecordMs(batch, 0),
    }
    if (segment.size + batch.length > segmentSizeMax)
      throw new LogError('LOG_CORRUPT', `${segment.path} would be larger than a segment can be`)
    segment.add(place, this.#indexIntervalBytes)
    segment.size += batch.length
    this.#chunks.push(batch)
    this.#pending += batch.length
    if (this.#pending >= cleaningWriteSize) this.write()
  }

  /** On this thread, which is not the event loop's. */
  write(): void {
    if (this.#pending === 0) return
    this.#file.writeNow(this.#chunks, this.#segment.size - this.#pending)
    this.#unsynced += this.#pending
    this.#spent += this.#pending
    this.#chunks = []
    this.#pending = 0
  }

  async settle(throttle: Throttle): Promise<void> {
    this.write()
    await throttle.spend(this.#spent)
    this.#spent = 0
    if (this.#unsynced < cleaningSyncSize) return
    this.#unsynced = 0
    await this.#file.sync()
  }
}
