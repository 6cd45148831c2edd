import { join } from 'node:path'
import { type Disk, DiskError } from '#world'
import { closedIndexEntriesMax } from '../limits.ts'
import {
  decodeOffsetIndex,
  decodeTimeIndex,
  encodeOffsetIndex,
  encodeTimeIndex,
} from './index-files.ts'
import { SparseIndex } from './sparse-index.ts'

/** The name that a segment's files have before their ending. */
export const segmentName = (baseOffset: number): string => String(baseOffset).padStart(20, '0')

/** Both indexes of a segment. */
export interface SegmentIndexes {
  /** Offset of the last record of a batch → position of the batch. */
  offsets: SparseIndex
  /** Largest time so far → offset of the last record of the batch that has it. */
  times: SparseIndex
}

/** What an index needs to know of a batch. */
export interface IndexedBatch {
  position: number
  size: number
  lastOffset: number
  maxTimestampMs: number
}

/**
 * A run of batches in one file. `size` counts what was appended, `writtenSize` what is in the page
 * cache, `syncedSize` what is on disk.
 */
export class Segment {
  readonly baseOffset: number
  readonly path: string
  readonly #stem: string
  size: number
  writtenSize: number
  syncedSize: number
  /** The file's name is in its folder for good. */
  folderSynced: boolean
  /** Closed, synced, and its indexes written: nothing of it needs to be scanned again. */
  sealed = false
  /** The time of the first batch; undefined while there is none. */
  firstTimestampMs: number | undefined
  maxTimestampMs = -1
  #maxTimestampOffset = -1
  #indexes: SegmentIndexes | undefined
  #sinceEntrySize = 0

  constructor(folder: string, baseOffset: number, size: number) {
    this.baseOffset = baseOffset
    this.#stem = join(folder, segmentName(baseOffset))
    this.path = `${this.#stem}.log`
    this.size = size
    this.writtenSize = size
    this.syncedSize = size
    this.folderSynced = size > 0
  }

  /** Begins with empty indexes, to be filled by `add`. */
  startIndexes(): void {
    this.#indexes = { offsets: new SparseIndex(), times: new SparseIndex() }
    this.#sinceEntrySize = 0
    this.maxTimestampMs = -1
  }

  get offsetEntryCount(): number {
    return this.#indexes?.offsets.count ?? 0
  }

  /** Notes a batch at the end of the segment; one entry for each `intervalBytes`. */
  add({ position, size, lastOffset, maxTimestampMs }: IndexedBatch, intervalBytes: number): void {
    const { offsets, times } = this.#indexes!
    this.firstTimestampMs ??= maxTimestampMs
    if (maxTimestampMs > this.maxTimestampMs) {
      this.maxTimestampMs = maxTimestampMs
      this.#maxTimestampOffset = lastOffset
    }
    if (this.#sinceEntrySize > intervalBytes) {
      offsets.add(lastOffset, position)
      if (this.maxTimestampMs > times.lastKey)
        times.add(this.maxTimestampMs, this.#maxTimestampOffset)
      this.#sinceEntrySize = 0
    }
    this.#sinceEntrySize += size
  }

  /** A position at or before the batch that holds `offset`. */
  async floorOfOffset(disk: Disk, offset: number): Promise<number> {
    const { offsets } = await this.#load(disk)
    return offsets.floor(offset) ?? 0
  }

  /** As `floorOfOffset` for those whose indexes are in memory; 0 for others. */
  floorOfOffsetNow(offset: number): number {
    return this.#indexes?.offsets.floor(offset) ?? 0
  }

  /** A position at or before the first batch with a record at or after `timestampMs`. */
  async floorOfTime(disk: Disk, timestampMs: number): Promise<number> {
    const { offsets, times } = await this.#load(disk)
    const offset = times.floor(timestampMs - 1)
    return offset === undefined ? 0 : (offsets.floor(offset) ?? 0)
  }

  /** Writes both index files and syncs them; the time index ends with the segment's largest time. */
  async writeIndexes(disk: Disk): Promise<void> {
    const indexes = this.#indexes
    if (!indexes) return
    if (this.maxTimestampMs > indexes.times.lastKey)
      indexes.times.add(this.maxTimestampMs, this.#maxTimestampOffset)
    await replaceFile(
      disk,
      `${this.#stem}.index`,
      encodeOffsetIndex(indexes.offsets, this.baseOffset),
    )
    await replaceFile(
      disk,
      `${this.#stem}.timeindex`,
      encodeTimeIndex(indexes.times, this.baseOffset),
    )
  }

  /** Lets go of index entries that a closed segment can do without. */
  thinIndexes(): void {
    this.#indexes?.offsets.thin(closedIndexEntriesMax)
    this.#indexes?.times.thin(closedIndexEntriesMax)
  }

  /** Reads the indexes of a closed segment; false when a file is missing or wrong. */
  async loadIndexes(disk: Disk): Promise<boolean> {
    const read = async (ending: string): Promise<Buffer | undefined> => {
      try {
        return await disk.readFile(`${this.#stem}.${ending}`)
      } catch (error) {
        if (error instanceof DiskError && error.kind === 'absent') return undefined
        throw error
      }
    }
    const [offsetBytes, timeBytes] = [await read('index'), await read('timeindex')]
    const offsets = offsetBytes && decodeOffsetIndex(offsetBytes, this.baseOffset, this.size)
    const times = timeBytes && decodeTimeIndex(timeBytes, this.baseOffset)
    if (!offsets || !times || (this.size > 0 && times.count === 0)) return false
    this.#indexes = { offsets, times }
    this.maxTimestampMs = times.lastKey
    this.#maxTimestampOffset = times.count > 0 ? times.valueAt(times.count - 1) : -1
    return true
  }

  async #load(disk: Disk): Promise<SegmentIndexes> {
    if (!this.#indexes && !(await this.loadIndexes(disk))) this.startIndexes()
    return this.#indexes!
  }
}

/** Puts a file in place whole: written beside, synced, renamed. */
export const replaceFile = async (disk: Disk, path: string, bytes: Uint8Array): Promise<void> => {
  const beside = `${path}.tmp`
  const file = await disk.open(beside, 'create')
  try {
    await file.truncate(0)
    await file.write([bytes], 0)
    await file.sync()
  } finally {
    await file.close()
  }
  await disk.rename(beside, path)
}
