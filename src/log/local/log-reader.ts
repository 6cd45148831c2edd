// Reading whole batches: from the tail cache where they are still in memory, else from the segment
// file through the thread pool. Readers of one place at one time share one read.
import { batchHeaderSize, batchSizeOf, lastOffsetOf } from '#records'
import type { Disk, DiskFile } from '#world'
import type { AbortedTransaction } from '../engine.ts'
import { indexSlackSize, readPlacesMax } from '../limits.ts'
import { LogError } from '../log-error.ts'
import { abortedBetween } from './aborted-lookups.ts'
import { newestRecordMs, scanBatches } from './batch-scan.ts'
import type { FileLeases } from './file-leases.ts'
import type { Mark } from './marks.ts'
import type { Partition } from './partition.ts'
import type { Segment } from './segment.ts'

/** Batches in order; empty when there are none to be read. */
export interface FoundBatches {
  chunks: readonly Uint8Array[]
  size: number
  /** Null unless only committed records were asked for. */
  aborted: readonly AbortedTransaction[] | null
}

const nothing: FoundBatches = { chunks: [], size: 0, aborted: null }

/** A stretch of a segment that readers may see. */
interface Stretch {
  segment: Segment
  start: number
  end: number
}

export class LogReader {
  readonly #disk: Disk
  readonly #leases: FileLeases
  readonly #inFlight = new Map<string, Promise<FoundBatches>>()
  /** Where readers stopped: the next offset they want → the position it has in its segment. */
  readonly #places = new WeakMap<Segment, Map<number, number>>()

  constructor(disk: Disk, leases: FileLeases) {
    this.#disk = disk
    this.#leases = leases
  }

  /**
   * The batches from the one that holds `offset` on (or the first one behind it), up to what readers may
   * see. The first one is whole even beyond `bytesMax` if `wholeFirst`; the others stay within it. Readers of
   * committed records get less, and are told what of it was aborted.
   */
  read(
    partition: Partition,
    offset: number,
    bytesMax: number,
    wholeFirst: boolean,
    committedOnly: boolean,
  ): FoundBatches | Promise<FoundBatches> {
    const upTo = committedOnly ? partition.lastStable : partition.readable.offset
    const found = this.#readUpTo(partition, offset, upTo, bytesMax, wholeFirst)
    if (!committedOnly) return found
    const withAborted = (batches: FoundBatches): FoundBatches | Promise<FoundBatches> => {
      const end = (): number => endOfBatches(batches.chunks)
      const aborted = abortedBetween(this.#disk, partition, offset, end)
      if (!(aborted instanceof Promise)) return { ...batches, aborted }
      return aborted.then((told) => ({ ...batches, aborted: told }))
    }
    return found instanceof Promise ? found.then(withAborted) : withAborted(found)
  }

  /** Bytes between `offset` and what readers may see, by what is known without reading. */
  readableBytes(partition: Partition, offset: number, committedOnly: boolean): number {
    const readable = committedOnly ? stableOf(partition) : partition.readable
    if (offset >= readable.offset || offset < partition.logStart) return 0
    const cached = partition.tail.at(offset)
    if (cached) return partition.bytesBetween({ ...cached, offset }, readable)
    const segment = partition.segmentOf(offset)
    if (!segment) return 0
    const position = this.#placeOf(segment, offset) ?? segment.floorOfOffsetNow(offset)
    // Where a transaction begins may only be known roughly, and there is something before it.
    return Math.max(1, partition.bytesBetween({ offset, segment, position }, readable))
  }

  /**
   * The first batch whose largest time is at or after `timestampMs` and which does not end before
   * `offset`, among what readers may see.
   */
  async firstBatchSince(
    partition: Partition,
    timestampMs: number,
    offset: number,
  ): Promise<{ batch: Buffer } | undefined> {
    const first = partition.segmentOf(offset)?.baseOffset ?? 0
    for (const segment of partition.segments.filter(({ baseOffset }) => baseOffset >= first)) {
      const isClosed = segment !== partition.active
      if (isClosed && (await segment.largestTime(this.#disk)) < timestampMs) continue
      const start = Math.max(
        await segment.floorOfTime(this.#disk, timestampMs),
        await segment.floorOfOffset(this.#disk, offset),
      )
      const end = endOf(partition, segment)
      // One that nothing was written to yet has no file.
      if (start >= end) continue
      let batch: Buffer | undefined
      await this.#leases.use(segment.path, 'write', (file) =>
        this.#scan(file, { segment, start, end }, (bytes, from, to) => {
          if (lastOffsetOf(bytes, from) < offset) return true
          if (newestRecordMs(bytes, from) < timestampMs) return true
          batch = Buffer.from(bytes.subarray(from, to))
          return false
        }),
      )
      if (batch) return { batch }
    }
    return undefined
  }

  #readUpTo(
    partition: Partition,
    offset: number,
    upTo: number,
    bytesMax: number,
    wholeFirst: boolean,
  ): FoundBatches | Promise<FoundBatches> {
    const readable = partition.readable
    if (offset >= upTo || (bytesMax <= 0 && !wholeFirst)) return nothing
    const cached = partition.tail.read(offset, upTo, bytesMax, wholeFirst)
    if (cached) return { ...nothing, ...cached }
    const { topicId, partition: number } = partition.id
    const key = `${topicId}/${number}/${offset}/${bytesMax}/${wholeFirst}/${readable.offset}`
    const isCut = upTo < readable.offset
    const pending = this.#inFlight.get(key)
    if (pending) return isCut ? pending.then((found) => cut(found, upTo)) : pending
    const reading = this.#readFiles(partition, offset, bytesMax, wholeFirst).finally(() =>
      this.#inFlight.delete(key),
    )
    this.#inFlight.set(key, reading)
    return isCut ? reading.then((found) => cut(found, upTo)) : reading
  }

  async #readFiles(
    partition: Partition,
    offset: number,
    bytesMax: number,
    wholeFirst: boolean,
  ): Promise<FoundBatches> {
    for (let segment = partition.segmentOf(offset); segment; ) {
      const end = endOf(partition, segment)
      const place = this.#placeOf(segment, offset)
      const start = place ?? (await segment.floorOfOffset(this.#disk, offset))
      if (start < end) {
        const stretch = { segment, start, end }
        const found = await this.#leases.use(segment.path, 'write', (file) =>
          this.#readStretch(file, stretch, offset, bytesMax, wholeFirst),
        )
        if (found.size > 0 || found.stopped) return found
      }
      const { baseOffset, replaced } = segment
      segment = replaced
        ? partition.segmentOf(offset)
        : partition.segments.find((next) => next.baseOffset > baseOffset)
    }
    return nothing
  }

  async #readStretch(
    file: DiskFile,
    stretch: Stretch,
    offset: number,
    bytesMax: number,
    wholeFirst: boolean,
  ): Promise<FoundBatches & { stopped: boolean }> {
    const size = Math.min(bytesMax + indexSlackSize, stretch.end - stretch.start)
    const bytes = await readWhole(file, stretch.start, size)
    let first = 0
    while (first + batchHeaderSize <= bytes.length && lastOffsetOf(bytes, first) < offset)
      first += soundSizeOf(bytes, first)
    if (first + batchHeaderSize > bytes.length) {
      const start = stretch.start + first
      const moved = start > stretch.start && start < stretch.end
      if (moved) return this.#readStretch(file, { ...stretch, start }, offset, bytesMax, wholeFirst)
      return { ...nothing, stopped: false }
    }
    const firstSize = soundSizeOf(bytes, first)
    if (firstSize > bytesMax) {
      if (!wholeFirst) return { ...nothing, stopped: true }
      const whole =
        first + firstSize <= bytes.length
          ? bytes.subarray(first, first + firstSize)
          : await readWhole(file, stretch.start + first, firstSize)
      return { ...nothing, chunks: [whole], size: firstSize, stopped: true }
    }
    const last = wholeBatchesEnd(bytes, first, bytesMax)
    if (last === first && first === 0) throw damage(stretch.start)
    if (last === first)
      return this.#readStretch(
        file,
        { ...stretch, start: stretch.start + first },
        offset,
        bytesMax,
        wholeFirst,
      )
    this.#remember(stretch.segment, bytes, first, last, stretch.start)
    const chunks = [bytes.subarray(first, last)]
    return { ...nothing, chunks, size: last - first, stopped: true }
  }

  #placeOf(segment: Segment, offset: number): number | undefined {
    return this.#places.get(segment)?.get(offset)
  }

  /** The reader will most likely go on where it stopped. */
  #remember(segment: Segment, bytes: Buffer, first: number, end: number, base: number): void {
    let nextOffset = 0
    for (let start = first; start < end; start += batchSizeOf(bytes, start))
      nextOffset = lastOffsetOf(bytes, start) + 1
    const places = this.#places.get(segment) ?? new Map<number, number>()
    this.#places.set(segment, places)
    places.delete(nextOffset)
    places.set(nextOffset, base + end)
    if (places.size > readPlacesMax) places.delete(places.keys().next().value!)
  }

  async #scan(
    file: DiskFile,
    { start, end }: Stretch,
    visit: (bytes: Buffer, from: number, to: number) => boolean,
  ): Promise<void> {
    const rules = { checksums: false, nextOffset: 0 }
    await scanBatches(file, start, end, rules, (batch) =>
      visit(batch.bytes, batch.start, batch.end),
    )
  }
}

/** Where readers of committed records stop, as far as is known without reading. */
const stableOf = (partition: Partition): Mark => {
  const { readable, lastStable: offset } = partition
  if (offset >= readable.offset) return readable
  const cached = partition.tail.at(offset)
  if (cached) return { ...cached, offset }
  const segment = partition.segmentOf(offset)
  return { offset, segment, position: segment?.floorOfOffsetNow(offset) ?? 0 }
}

/** The offset after the last of some whole batches; 0 when there is none. */
const endOfBatches = (chunks: readonly Uint8Array[]): number => {
  const last = chunks.at(-1)
  if (!last) return 0
  const bytes = Buffer.from(last.buffer, last.byteOffset, last.byteLength)
  let end = 0
  for (let start = 0; start < bytes.length; start += soundSizeOf(bytes, start))
    end = lastOffsetOf(bytes, start) + 1
  return end
}

/** What of the batches is before an offset. */
const cut = ({ chunks }: FoundBatches, upTo: number): FoundBatches => {
  const kept: Uint8Array[] = []
  let size = 0
  for (const chunk of chunks) {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    let end = 0
    while (end < bytes.length && lastOffsetOf(bytes, end) < upTo) end += soundSizeOf(bytes, end)
    kept.push(bytes.subarray(0, end))
    size += end
    if (end < bytes.length) break
  }
  return { ...nothing, chunks: kept, size }
}

/** Where what readers may see of a segment ends. */
const endOf = ({ readable }: Partition, segment: Segment): number => {
  if (!readable.segment || segment.baseOffset > readable.segment.baseOffset) return 0
  return segment === readable.segment ? readable.position : segment.size
}

/** The end of the last batch that lies within `bytes` and within `bytesMax` from `first`. */
const wholeBatchesEnd = (bytes: Buffer, first: number, bytesMax: number): number => {
  let end = first
  while (end + batchHeaderSize <= bytes.length) {
    const next = end + soundSizeOf(bytes, end)
    if (next > bytes.length || next - first > bytesMax) break
    end = next
  }
  return end
}

/** The size of a batch on disk; one that cannot be right must not send a walk astray. */
const soundSizeOf = (bytes: Buffer, start: number): number => {
  const size = batchSizeOf(bytes, start)
  if (size < batchHeaderSize) throw damage(start)
  return size
}

const damage = (position: number): LogError =>
  new LogError('LOG_CORRUPT', `a segment has no batch where one should begin, near ${position}`)

const readWhole = async (file: DiskFile, position: number, size: number): Promise<Buffer> => {
  const bytes = Buffer.allocUnsafeSlow(size)
  const read = await file.read(bytes, position)
  if (read < size)
    throw new LogError(
      'LOG_CORRUPT',
      `a segment ends at ${position + read}, before what was written`,
    )
  return bytes
}
