// Recent batches as they were appended, for the readers at the tail, who are most of them. Small ones are
// copied together into blocks: an object for each would live just long enough to become old, and the
// collector's work on a hundred thousand of them was the longest pause there was. Large ones stay in the
// buffers of the producers' requests, and count for all that they keep alive.
import {
  copiedBatchSizeMax,
  tailBatchOverheadSize,
  tailBlockSize,
  tailCacheBytesMax,
} from '../limits.ts'
import type { Segment } from './segment.ts'

/** A batch that was just appended. */
export interface AppendedBatch {
  baseOffset: number
  lastOffset: number
  bytes: Buffer
  /** Where it stands, or will once it is written. */
  segment: Segment
  position: number
}

/** Memory that goes as a whole. */
interface Piece {
  readonly bytes: Buffer
  used: number
  /** What it counts for. */
  cost: number
  /** Those that have batches in it. */
  readonly tails: Set<Tail>
}

/** Batches that readers are given, several to a chunk where they lie side by side. */
export interface CachedBatches {
  chunks: Buffer[]
  size: number
}

/** The recent batches of one partition, oldest first and without gaps: one entry a batch in each list. */
export class Tail {
  readonly #pieces: Piece[] = []
  readonly #segments: Segment[] = []
  readonly #baseOffsets: number[] = []
  readonly #lastOffsets: number[] = []
  /** Where it stands in its segment. */
  readonly #positions: number[] = []
  /** Where it stands in its piece. */
  readonly #starts: number[] = []
  readonly #sizes: number[] = []
  #first = 0

  add({ baseOffset, lastOffset, bytes, segment, position }: AppendedBatch, piece: Piece): void {
    this.#pieces.push(piece)
    this.#segments.push(segment)
    this.#baseOffsets.push(baseOffset)
    this.#lastOffsets.push(lastOffset)
    this.#positions.push(position)
    this.#starts.push(piece.used)
    this.#sizes.push(bytes.length)
  }

  /** The oldest batches, as far as they are in this piece, are gone. */
  drop(piece: Piece): void {
    while (this.#pieces[this.#first] === piece) this.#first += 1
    if (this.#first < 64 || this.#first * 2 < this.#pieces.length) return
    for (const list of this.#lists()) list.splice(0, this.#first)
    this.#first = 0
  }

  clear(): void {
    this.#first = 0
    for (const list of this.#lists()) list.length = 0
  }

  /**
   * The batches from the one that holds `offset` on, as far as they end before `upTo` and take no more than
   * `bytesMax`; the first one may take more if `wholeFirst`. Undefined when that one is no longer here.
   */
  read(
    offset: number,
    upTo: number,
    bytesMax: number,
    wholeFirst: boolean,
  ): CachedBatches | undefined {
    const found = this.#indexOf(offset)
    if (found < 0 || this.#segments[found]!.replaced) return undefined
    const chunks = new Chunks()
    const last = Math.min(this.#pieces.length, found + batchesPerReadMax)
    for (let index = found; index < last; index += 1) {
      const size = this.#sizes[index]!
      const isTooMuch = chunks.size + size > bytesMax && !(wholeFirst && chunks.size === 0)
      if (isTooMuch || this.#lastOffsets[index]! >= upTo || this.#segments[index]!.replaced) break
      chunks.add(this.#pieces[index]!, this.#starts[index]!, size)
    }
    return { chunks: chunks.take(), size: chunks.size }
  }

  /** Where the batch that holds `offset` stands; undefined when it is no longer here. */
  at(offset: number): { segment: Segment; position: number } | undefined {
    const found = this.#indexOf(offset)
    if (found < 0) return undefined
    return { segment: this.#segments[found]!, position: this.#positions[found]! }
  }

  #indexOf(offset: number): number {
    const oldest = this.#baseOffsets[this.#first]
    if (oldest === undefined || offset < oldest) return -1
    let low = this.#first
    let high = this.#lastOffsets.length
    if (offset > this.#lastOffsets[high - 1]!) return -1
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#lastOffsets[middle]! < offset) low = middle + 1
      else high = middle
    }
    return low
  }

  #lists(): unknown[][] {
    return [
      this.#pieces,
      this.#segments,
      this.#baseOffsets,
      this.#lastOffsets,
      this.#positions,
      this.#starts,
      this.#sizes,
    ]
  }
}

/** What was found so far: neighbours in a piece become one chunk. */
class Chunks {
  readonly #chunks: Buffer[] = []
  #piece: Piece | undefined
  #start = 0
  #end = 0
  size = 0

  add(piece: Piece, start: number, size: number): void {
    if (piece !== this.#piece || start !== this.#end) {
      this.#finish()
      this.#piece = piece
      this.#start = start
      this.#end = start
    }
    this.#end += size
    this.size += size
  }

  take(): Buffer[] {
    this.#finish()
    return this.#chunks
  }

  #finish(): void {
    if (this.#piece) this.#chunks.push(this.#piece.bytes.subarray(this.#start, this.#end))
  }
}

/** A reader at the tail takes few; one with more to read is answered again soon. */
const batchesPerReadMax = 512

/** The bytes that all tails together keep alive; the oldest piece goes first, whoever's it is. */
export class TailCache {
  readonly #pieces: Piece[] = []
  #first = 0
  #bytes = 0
  #block: Piece | undefined
  #newest: ArrayBufferLike | undefined

  add(tail: Tail, batch: AppendedBatch): void {
    const { bytes } = batch
    const piece =
      bytes.length <= copiedBatchSizeMax ? this.#blockFor(bytes.length) : this.#own(bytes)
    tail.add(batch, piece)
    piece.tails.add(tail)
    piece.cost += tailBatchOverheadSize
    this.#bytes += tailBatchOverheadSize
    if (piece === this.#block) {
      bytes.copy(piece.bytes, piece.used)
      piece.used += bytes.length
    }
    while (this.#bytes > tailCacheBytesMax) this.#dropOldest()
  }

  #blockFor(size: number): Piece {
    if (!this.#block || this.#block.used + size > tailBlockSize)
      this.#block = this.#take(Buffer.allocUnsafeSlow(tailBlockSize), tailBlockSize)
    return this.#block
  }

  /** Batches of one frame, or of many that came in one piece, keep the same memory alive. */
  #own(bytes: Buffer): Piece {
    const { buffer } = bytes
    const cost = buffer === this.#newest ? 0 : buffer.byteLength
    this.#newest = buffer
    return this.#take(bytes, cost)
  }

  #take(bytes: Buffer, cost: number): Piece {
    const piece = { bytes, used: 0, cost, tails: new Set<Tail>() }
    this.#pieces.push(piece)
    this.#bytes += cost
    return piece
  }

  #dropOldest(): void {
    const oldest = this.#pieces[this.#first]!
    this.#first += 1
    this.#bytes -= oldest.cost
    if (oldest === this.#block) this.#block = undefined
    for (const tail of oldest.tails) tail.drop(oldest)
    if (this.#first < 1024 || this.#first * 2 < this.#pieces.length) return
    this.#pieces.splice(0, this.#first)
    this.#first = 0
  }
}
