// One file for the small appends of many partitions: a round writes them here, all together, and syncs
// once; the segments, which have them in the page cache, are synced later (D2).
//
//   0          4096                 4096 + half             4096 + 2 × half
//   | header   | entry entry entry … | entry entry …         |
//
// The halves take turns. A half is written anew only when every segment that it covers has been synced,
// which begins when the other half's turn does. An entry is one round:
//
//   magic · generation (one a turn) · index in it · size · CRC-32C of all that and the pieces
//   pieces: topic id · partition · base offset of the segment · position · size · the bytes
//
// A start reads both halves, the older generation first, each up to the first entry that is no successor
// of the one before. What it finds it writes into the segments; then the header gets a first generation
// above all that there are, durably, before anything is appended: a piece of an earlier run must never be
// laid over what stands there now.
import { join } from 'node:path'
import { crc32c } from '#bytes'
import { type Uuid, uuidFromBytes, uuidToBytes } from '#model'
import type { Disk, DiskFile, Logger } from '#world'
import { commitLogShareMax } from '../limits.ts'

/** Bytes of one segment that stand in the log. */
export interface LoggedPiece {
  topicId: string
  partition: number
  baseOffset: number
  position: number
  bytes: Buffer
}

const fileName = 'commit.log'
const headerSize = 4096
const magic = 0x4f44434c
const entryHeaderSize = 28
const pieceHeaderSize = 40
const zerosSize = 1024 * 1024

interface Half {
  start: number
  /** All that it covers is in the segments for good. */
  isFree: boolean
}

/** The file, and where the next round goes. */
export class CommitLog {
  readonly #disk: Disk
  readonly #logger: Logger
  readonly #folder: string
  readonly #path: string
  readonly #halfSize: number
  readonly #halves: [Half, Half]
  #file: DiskFile | undefined
  #making: Promise<void> | undefined
  #isOff: boolean
  #generation = 0
  #index = 0
  #turn: 0 | 1 = 0
  #position = headerSize
  /** Bytes of entries that were written. */
  writtenBytes = 0

  /** `size` bytes for both halves; 0 for no log at all. */
  constructor(disk: Disk, logger: Logger, folder: string, size: number) {
    this.#disk = disk
    this.#logger = logger
    this.#folder = folder
    this.#path = join(folder, fileName)
    this.#halfSize = Math.floor(size / 2)
    this.#halves = [
      // It has the first turn.
      { start: headerSize, isFree: false },
      { start: headerSize + this.#halfSize, isFree: true },
    ]
    this.#isOff = size === 0
  }

  /** Which half takes the next entry. */
  get turn(): 0 | 1 {
    return this.#turn
  }

  /** The share of both halves that holds entries which are not in the segments for good, from 0 to 1. */
  get fill(): number {
    if (!this.#file) return 0
    const other = this.#halves[this.#turn === 0 ? 1 : 0]
    const size = this.#position - this.#halves[this.#turn].start
    return (size + (other.isFree ? 0 : this.#halfSize)) / (2 * this.#halfSize)
  }

  /** What the last run left, oldest first; after a clean stop that is nothing, and little is read. */
  async read(afterCleanStop: boolean): Promise<LoggedPiece[]> {
    if (!(await this.#exists())) return []
    if (afterCleanStop) {
      await this.#readGenerations()
      return []
    }
    const bytes = await this.#disk.readFile(this.#path)
    const first = firstGenerationOf(bytes)
    if (first === undefined) return []
    this.#generation = first
    const halfSize = Math.floor((bytes.length - headerSize) / 2)
    const found = [headerSize, headerSize + halfSize]
      .map((start) => readHalf(bytes, start, start + halfSize, first))
      .sort((one, other) => one.generation - other.generation)
    this.#generation = Math.max(first, ...found.map(({ generation }) => generation))
    return found.flatMap(({ pieces }) => pieces)
  }

  /** Learns the generations that there are, so that the next one is above them. */
  async #readGenerations(): Promise<void> {
    const file = await this.#disk.open(this.#path, 'read')
    try {
      const halfSize = Math.floor(((await file.size()) - headerSize) / 2)
      const bytes = Buffer.alloc(headerSize)
      await file.read(bytes, 0)
      this.#generation = firstGenerationOf(bytes) ?? 0
      for (const start of [headerSize, headerSize + halfSize]) {
        const entry = Buffer.alloc(entryHeaderSize)
        await file.read(entry, start)
        const generation = Number(entry.readBigUInt64BE(4))
        if (entry.readUInt32BE(0) === magic && Number.isSafeInteger(generation))
          this.#generation = Math.max(this.#generation, generation)
      }
    } finally {
      await file.close()
    }
  }

  /** Forgets what was read, once it is in the segments for good. */
  async begin(): Promise<void> {
    if (!(await this.#exists())) return
    const file = await this.#disk.open(this.#path, 'write')
    if ((await file.size()) !== headerSize + 2 * this.#halfSize || this.#isOff) {
      await file.close()
      await this.#disk.remove(this.#path)
      await this.#disk.syncFolder(this.#folder)
      return
    }
    this.#generation += 1
    await file.write([encodeHeader(this.#generation)], 0)
    await file.sync()
    this.#file = file
  }

  /** Whether an entry of so many bytes, headers counted, can be written now; makes the file when it is missing. */
  hasRoom(size: number): boolean {
    if (!this.#file) {
      if (!this.#isOff) this.#making ??= this.#make()
      return false
    }
    const half = this.#halves[this.#turn]
    if (this.#position + size <= half.start + this.#halfSize) return true
    const other = this.#halves[this.#turn === 0 ? 1 : 0]
    return other.isFree && size <= this.#halfSize
  }

  /** Bytes that an entry of these pieces takes. */
  static sizeOf(pieces: readonly { size: number }[]): number {
    return pieces.reduce((sum, { size }) => sum + pieceHeaderSize + size, entryHeaderSize)
  }

  /**
   * Writes one entry, for which there must be room, and resolves when it is durable. Returns the half
   * whose turn ended with it, if one did: its segments are to be synced, and then `release` it.
   */
  async append(entry: Buffer): Promise<0 | 1 | undefined> {
    const before = this.#turn
    if (this.#position + entry.length > this.#halves[this.#turn].start + this.#halfSize) {
      this.#turn = before === 0 ? 1 : 0
      this.#halves[this.#turn].isFree = false
      this.#position = this.#halves[this.#turn].start
      this.#generation += 1
      this.#index = 0
    }
    sealEntry(entry, this.#generation, this.#index)
    const position = this.#position
    this.#position += entry.length
    this.#index += 1
    this.writtenBytes += entry.length
    await this.#file!.write([entry], position)
    await this.#file!.sync()
    return before === this.#turn ? undefined : before
  }

  /** Everything that a half covers is in the segments. */
  release(half: 0 | 1): void {
    this.#halves[half].isFree = true
  }

  /** Writes no more entries: one failed, and what it held has to go into the segments. */
  turnOff(): void {
    this.#isOff = true
    this.#file?.close().catch(() => undefined)
    this.#file = undefined
  }

  async close(): Promise<void> {
    await this.#making
    await this.#file?.close()
    this.#file = undefined
  }

  async #exists(): Promise<boolean> {
    return (await this.#disk.list(this.#folder)).includes(fileName)
  }

  /** Zeros, synced, so that later syncs have no metadata of the file to write. */
  async #make(): Promise<void> {
    const size = headerSize + 2 * this.#halfSize
    try {
      if (size > (await this.#disk.freeBytes(this.#folder)) * commitLogShareMax) {
        this.#isOff = true
        return
      }
      const file = await this.#disk.open(this.#path, 'create')
      const zeros = Buffer.alloc(zerosSize)
      for (let position = 0; position < size; position += zerosSize)
        await file.write([zeros.subarray(0, Math.min(zerosSize, size - position))], position)
      this.#generation += 1
      await file.write([encodeHeader(this.#generation)], 0)
      await file.sync()
      await this.#disk.syncFolder(this.#folder)
      this.#file = file
    } catch (error) {
      this.#isOff = true
      this.#logger.warn('there is no commit log: many small appends are synced one by one', {
        error: String(error),
      })
    }
  }
}

/** The pieces as an entry; generation and index are put in when it is written. */
export const encodeEntry = (
  pieces: readonly (Omit<LoggedPiece, 'bytes'> & { chunks: readonly Buffer[]; size: number })[],
): Buffer => {
  const entry = Buffer.allocUnsafe(CommitLog.sizeOf(pieces))
  entry.writeUInt32BE(magic, 0)
  entry.writeUInt32BE(entry.length, 20)
  let at = entryHeaderSize
  let topic: Uuid | undefined
  let topicBytes: Buffer = Buffer.alloc(0)
  for (const { topicId, partition, baseOffset, position, chunks, size } of pieces) {
    // Neighbours are mostly of one topic.
    if (topicId !== topic) [topic, topicBytes] = [topicId, uuidToBytes(topicId)]
    topicBytes.copy(entry, at)
    entry.writeUInt32BE(partition, at + 16)
    entry.writeBigUInt64BE(BigInt(baseOffset), at + 20)
    entry.writeBigUInt64BE(BigInt(position), at + 28)
    entry.writeUInt32BE(size, at + 36)
    at += pieceHeaderSize
    for (const chunk of chunks) at += chunk.copy(entry, at)
  }
  return entry
}

const sealEntry = (entry: Buffer, generation: number, index: number): void => {
  entry.writeBigUInt64BE(BigInt(generation), 4)
  entry.writeBigUInt64BE(BigInt(index), 12)
  entry.writeUInt32BE(crc32cOfEntry(entry), 24)
}

const crc32cOfEntry = (entry: Buffer): number =>
  crc32c(Buffer.concat([entry.subarray(0, 24), entry.subarray(entryHeaderSize)]))

const encodeHeader = (firstGeneration: number): Buffer => {
  const header = Buffer.alloc(24)
  header.writeUInt32BE(magic, 0)
  header.writeBigUInt64BE(BigInt(firstGeneration), 4)
  header.writeUInt32BE(crc32c(header.subarray(0, 20)), 20)
  return header
}

/** The first generation that counts; undefined when the header is not whole. */
const firstGenerationOf = (bytes: Buffer): number | undefined =>
  bytes.length >= headerSize &&
  bytes.readUInt32BE(0) === magic &&
  crc32c(bytes.subarray(0, 20)) === bytes.readUInt32BE(20)
    ? Number(bytes.readBigUInt64BE(4))
    : undefined

const readHalf = (
  bytes: Buffer,
  start: number,
  end: number,
  firstGeneration: number,
): { generation: number; pieces: LoggedPiece[] } => {
  const pieces: LoggedPiece[] = []
  let generation = -1
  let at = start
  for (let index = 0; at + entryHeaderSize <= end; index += 1) {
    const size = bytes.readUInt32BE(at + 20)
    if (bytes.readUInt32BE(at) !== magic || size < entryHeaderSize || at + size > end) break
    const entry = bytes.subarray(at, at + size)
    const own = Number(entry.readBigUInt64BE(4))
    if (generation < 0 ? own < firstGeneration : own !== generation) break
    if (Number(entry.readBigUInt64BE(12)) !== index) break
    if (entry.readUInt32BE(24) !== crc32cOfEntry(entry)) break
    generation = own
    pieces.push(...piecesOf(entry))
    at += size
  }
  return { generation, pieces }
}

function* piecesOf(entry: Buffer): Generator<LoggedPiece> {
  let at = entryHeaderSize
  while (at < entry.length) {
    const size = entry.readUInt32BE(at + 36)
    yield {
      topicId: uuidFromBytes(entry.subarray(at, at + 16)),
      partition: entry.readUInt32BE(at + 16),
      baseOffset: Number(entry.readBigUInt64BE(at + 20)),
      position: Number(entry.readBigUInt64BE(at + 28)),
      bytes: entry.subarray(at + pieceHeaderSize, at + pieceHeaderSize + size),
    }
    at += pieceHeaderSize + size
  }
}

/** The pieces of each partition in their order, by topic id and number. */
export const byPartition = (pieces: readonly LoggedPiece[]): Map<string, LoggedPiece[]> =>
  Map.groupBy(pieces, ({ topicId, partition }) => `${topicId}-${partition}`)
