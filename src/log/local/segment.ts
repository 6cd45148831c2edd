import { dirname, join } from 'node:path'
import { crc32c } from '#bytes'
import { batchHeaderSize, lastOffsetOf, maxTimestampOf } from '#records'
import { type Disk, DiskError } from '#world'
import { AbortedSpans } from '../aborted-spans.ts'
import { closedAbortedMax, closedIndexEntriesMax } from '../limits.ts'
import { newestRecordMs, scanBatches } from './batch-scan.ts'
import {
  decodeOffsetIndex,
  decodeTimeIndex,
  encodeOffsetIndex,
  encodeTimeIndex,
} from './index-files.ts'
import { SparseIndex } from './sparse-index.ts'
import { decodeTransactionIndex, encodeTransactionIndex } from './transaction-index.ts'

/** The name that a segment's files have before their ending. */
export const segmentName = (baseOffset: number): string => String(baseOffset).padStart(20, '0')

/** What a file's name ends in between its deletion and its removal. */
export const deletedFileEnding = '.deleted'

/** Both indexes of a segment. */
export interface SegmentIndexes {
  /** Offset of the last record of a batch → position of the batch. */
  offsets: SparseIndex
  /** Largest time so far → offset of the last record of the batch that has it. */
  times: SparseIndex
}

/** The CRC-32C of each index file; that of aborted transactions is only there when some are. */
export type IndexChecksums = readonly [offsets: number, times: number, transactions?: number]

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
  /** Of its batches; made once, since each write looks its file up by it. */
  path: string
  readonly #stem: string
  /** What its files' names end in while they are not in their place yet. */
  #ending: string
  size: number
  writtenSize: number
  syncedSize: number
  /** What of it is durable in the commit log ends here; 0 when nothing was ever written there. */
  loggedSize = 0
  /** The file's name is in its folder for good. */
  folderSynced: boolean
  /** Closed, synced, and its indexes written: nothing of it needs to be scanned again. */
  sealed = false
  /** Another one has taken its place: whoever reads it looks again when it is read. */
  replaced = false
  /** When it was begun, or found by a start. */
  readonly begunMs: number
  /** The time of the first batch; undefined while there is none. */
  firstTimestampMs: number | undefined
  maxTimestampMs = -1
  /** The aborted transactions whose markers are in it; undefined when they have to be read. */
  aborted: AbortedSpans | undefined = new AbortedSpans()
  /** There is a file of them, which may be an old one. */
  #hasTransactionIndex = false
  #maxTimestampOffset = -1
  #indexes: SegmentIndexes | undefined
  #loading: Promise<SegmentIndexes> | undefined
  #sinceEntrySize = 0

  constructor(folder: string, baseOffset: number, size: number, ending = '', begunMs = 0) {
    this.begunMs = begunMs
    this.baseOffset = baseOffset
    this.#stem = join(folder, segmentName(baseOffset))
    this.#ending = ending
    this.path = this.#logPath()
    this.size = size
    this.writtenSize = size
    this.syncedSize = size
    this.folderSynced = size > 0
  }

  /** The files that a segment may have. */
  get filePaths(): string[] {
    return ['.log', '.index', '.timeindex', '.txnindex'].map(
      (ending) => `${this.#stem}${ending}${this.#ending}`,
    )
  }

  /** Its files have been renamed. */
  moved(ending: string): void {
    this.#ending = ending
    this.path = this.#logPath()
    if (ending === '') this.#thinAborted()
  }

  #logPath(): string {
    return `${this.#stem}.log${this.#ending}`
  }

  /** There is a file with its aborted transactions. */
  foundTransactionIndex(): void {
    this.#hasTransactionIndex = true
    this.aborted = undefined
  }

  /** Begins with empty indexes, to be filled by `add`. */
  startIndexes(): void {
    this.#indexes = { offsets: new SparseIndex(), times: new SparseIndex() }
    this.#sinceEntrySize = 0
    this.maxTimestampMs = -1
    this.aborted = new AbortedSpans()
  }

  get offsetEntryCount(): number {
    return this.#indexes?.offsets.count ?? 0
  }

  /** The position of the last batch that the index names; 0 when there is none. */
  get lastIndexedPosition(): number {
    const offsets = this.#indexes?.offsets
    return offsets && offsets.count > 0 ? offsets.valueAt(offsets.count - 1) : 0
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

  /** The time of the first batch, which a closed segment may have to look up; -1 when there is none. */
  async firstTime(disk: Disk): Promise<number> {
    if (this.firstTimestampMs !== undefined || this.size === 0) return this.firstTimestampMs ?? -1
    const file = await disk.open(this.path, 'read')
    try {
      const header = Buffer.alloc(batchHeaderSize)
      await file.read(header, 0)
      this.firstTimestampMs = maxTimestampOf(header)
      return this.firstTimestampMs
    } finally {
      await file.close()
    }
  }

  /** The largest time in the segment, which a closed one may have to look up; -1 when there is none. */
  async largestTime(disk: Disk): Promise<number> {
    if (this.maxTimestampMs < 0 && this.size > 0) await this.#load(disk)
    return this.maxTimestampMs
  }

  /** As `largestTime`, but that of the file where no record has one. */
  async newestTime(disk: Disk): Promise<number> {
    const largestMs = await this.largestTime(disk)
    return largestMs >= 0 || this.size === 0 ? largestMs : disk.modifiedMs(this.path)
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

  /**
   * Writes the index files durably; the time index ends with the segment's largest time. Returns their
   * checksums: what looks well may still not be what was written.
   */
  async writeIndexes(disk: Disk): Promise<IndexChecksums | undefined> {
    const indexes = this.#indexes
    if (!indexes) return undefined
    if (this.maxTimestampMs > indexes.times.lastKey)
      indexes.times.add(this.maxTimestampMs, this.#maxTimestampOffset)
    const offsetBytes = encodeOffsetIndex(indexes.offsets, this.baseOffset)
    const timeBytes = encodeTimeIndex(indexes.times, this.baseOffset)
    await replaceFile(disk, `${this.#stem}.index${this.#ending}`, offsetBytes)
    await replaceFile(disk, `${this.#stem}.timeindex${this.#ending}`, timeBytes)
    const transactions = await this.#writeTransactionIndex(disk)
    return [crc32c(offsetBytes), crc32c(timeBytes), ...transactions]
  }

  /** Lets go of index entries that a closed segment can do without. */
  thinIndexes(): void {
    this.#thinAborted()
    this.#indexes?.offsets.thin(closedIndexEntriesMax)
    this.#indexes?.times.thin(closedIndexEntriesMax)
  }

  /** Reads the indexes; false when a file is missing or wrong, or is not what `checksums` say. */
  async loadIndexes(disk: Disk, checksums?: IndexChecksums): Promise<boolean> {
    const offsetBytes = await this.#readAid(disk, 'index')
    const timeBytes = await this.#readAid(disk, 'timeindex')
    if (checksums && !matches(checksums, offsetBytes, timeBytes)) return false
    if (checksums && !(await this.#checkAborted(disk, checksums[2]))) return false
    const offsets = offsetBytes && decodeOffsetIndex(offsetBytes, this.baseOffset, this.size)
    const times = timeBytes && decodeTimeIndex(timeBytes, this.baseOffset)
    if (!offsets || !times || (this.size > 0 && times.count === 0)) return false
    this.#indexes = { offsets, times }
    this.maxTimestampMs = times.lastKey
    this.#maxTimestampOffset = times.count > 0 ? times.valueAt(times.count - 1) : -1
    return true
  }

  /** Reads the aborted transactions; undefined when their file is gone or wrong. */
  async loadAborted(disk: Disk): Promise<AbortedSpans | undefined> {
    const bytes = await this.#readAid(disk, 'txnindex')
    const spans = bytes && decodeTransactionIndex(bytes, this.baseOffset)
    // While its files are on the move they cannot be read again.
    if (spans && (spans.count <= closedAbortedMax || this.#ending !== '')) this.aborted = spans
    return spans
  }

  /** Whether the aborted transactions are what a checksum says; without one there are none. */
  async #checkAborted(disk: Disk, checksum: number | undefined): Promise<boolean> {
    if (checksum === undefined) return !this.#hasTransactionIndex
    const bytes = await this.#readAid(disk, 'txnindex')
    if (!bytes || crc32c(bytes) !== checksum) return false
    this.aborted = decodeTransactionIndex(bytes, this.baseOffset)
    return this.aborted !== undefined
  }

  async #writeTransactionIndex(disk: Disk): Promise<[number] | []> {
    const { aborted } = this
    if (!aborted) return []
    const path = `${this.#stem}.txnindex${this.#ending}`
    if (aborted.count === 0) {
      if (this.#hasTransactionIndex) await disk.remove(path)
      this.#hasTransactionIndex = false
      return []
    }
    const bytes = encodeTransactionIndex(aborted)
    await replaceFile(disk, path, bytes)
    this.#hasTransactionIndex = true
    return [crc32c(bytes)]
  }

  #thinAborted(): void {
    if ((this.aborted?.count ?? 0) > closedAbortedMax) this.aborted = undefined
  }

  async #readAid(disk: Disk, ending: string): Promise<Buffer | undefined> {
    try {
      return await disk.readFile(`${this.#stem}.${ending}${this.#ending}`)
    } catch (error) {
      if (error instanceof DiskError && error.kind === 'absent') return undefined
      throw error
    }
  }

  /** Readers that need the indexes at one time read them once. */
  #load(disk: Disk): Promise<SegmentIndexes> {
    if (this.#indexes) return Promise.resolve(this.#indexes)
    this.#loading ??= this.#loadOrMake(disk).finally(() => {
      this.#loading = undefined
    })
    return this.#loading
  }

  async #loadOrMake(disk: Disk): Promise<SegmentIndexes> {
    if (!(await this.loadIndexes(disk))) await this.#makeIndexes(disk)
    if (this.sealed) this.thinIndexes()
    return this.#indexes!
  }

  /** Walks the headers of a closed segment whose index files are gone. */
  async #makeIndexes(disk: Disk): Promise<void> {
    const made = new Segment(dirname(this.path), this.baseOffset, this.size)
    made.startIndexes()
    const file = await disk.open(this.path, 'read')
    try {
      const rules = { checksums: false, nextOffset: this.baseOffset }
      await scanBatches(file, 0, this.size, rules, ({ bytes, start, end, position }) => {
        const lastOffset = lastOffsetOf(bytes, start)
        const maxTimestampMs = newestRecordMs(bytes, start)
        made.add({ position, size: end - start, lastOffset, maxTimestampMs }, madeIntervalBytes)
        return true
      })
    } finally {
      await file.close()
    }
    this.#indexes = made.#indexes
    this.maxTimestampMs = made.maxTimestampMs
    this.#maxTimestampOffset = made.#maxTimestampOffset
  }
}

const matches = (
  [offsets, times]: IndexChecksums,
  offsetBytes?: Buffer,
  timeBytes?: Buffer,
): boolean =>
  offsetBytes !== undefined &&
  timeBytes !== undefined &&
  crc32c(offsetBytes) === offsets &&
  crc32c(timeBytes) === times

/** Kafka's default for the index's interval; a topic may ask for another one in files it writes. */
const madeIntervalBytes = 4096

/** Puts a file in place whole: written beside, synced, renamed. */
export const replaceFile = (disk: Disk, path: string, bytes: Uint8Array): Promise<void> =>
  writeBeside(disk, path, bytes, true)

/**
 * As `replaceFile` without the sync, for what a start checks by a checksum before it relies on it, and
 * can make again: syncing such files would take most of the time that a stop with many partitions takes.
 */
export const replaceAid = (disk: Disk, path: string, bytes: Uint8Array): Promise<void> =>
  writeBeside(disk, path, bytes, false)

const writeBeside = async (
  disk: Disk,
  path: string,
  bytes: Uint8Array,
  durable: boolean,
): Promise<void> => {
  const beside = `${path}.tmp`
  const file = await disk.open(beside, 'create')
  try {
    await file.truncate(0)
    await file.write([bytes], 0)
    if (durable) await file.sync()
  } finally {
    await file.close()
  }
  await disk.rename(beside, path)
}
