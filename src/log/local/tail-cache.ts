// Recent batches as they were appended, for the readers at the tail, who are most of them. The buffers
// are those of the producers' requests and are not copied; each counts for all that it keeps alive.
import { tailBatchOverheadSize, tailCacheBytesMax } from '../limits.ts'
import type { Segment } from './segment.ts'

/** A batch that is still in memory. */
export interface CachedBatch {
  baseOffset: number
  lastOffset: number
  bytes: Buffer
  /** Where it stands, or will once it is written. */
  segment: Segment
  position: number
}

/** The recent batches of one partition, oldest first and without gaps. */
export class Tail {
  readonly #batches: CachedBatch[] = []
  #first = 0

  add(batch: CachedBatch): void {
    this.#batches.push(batch)
  }

  dropFirst(): void {
    this.#first += 1
    if (this.#first < 64 || this.#first * 2 < this.#batches.length) return
    this.#batches.splice(0, this.#first)
    this.#first = 0
  }

  clear(): void {
    this.#first = 0
    this.#batches.length = 0
  }

  /** The batches from the one that holds `offset` on; undefined when that is no longer here. */
  from(offset: number): readonly CachedBatch[] | undefined {
    const found = this.#indexOf(offset)
    return found < 0 ? undefined : this.#batches.slice(found, found + batchesPerReadMax)
  }

  /** The batch that holds `offset`; undefined when it is no longer here. */
  at(offset: number): CachedBatch | undefined {
    return this.#batches[this.#indexOf(offset)]
  }

  #indexOf(offset: number): number {
    const batches = this.#batches
    const oldest = batches[this.#first]
    if (!oldest || offset < oldest.baseOffset) return -1
    let low = this.#first
    let high = batches.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (batches[middle]!.lastOffset < offset) low = middle + 1
      else high = middle
    }
    return low
  }
}

/** A reader at the tail takes few; one with more to read is answered again soon. */
const batchesPerReadMax = 512

/** The bytes that all tails together keep alive; the oldest batch goes first, whoever's it is. */
export class TailCache {
  readonly #owners: { tail: Tail; bytes: number }[] = []
  #first = 0
  #bytes = 0
  #newest: ArrayBufferLike | undefined

  add(tail: Tail, batch: CachedBatch): void {
    // Batches of one frame, or of many small ones that came in one piece, keep the same memory alive.
    const { buffer } = batch.bytes
    const bytes = tailBatchOverheadSize + (buffer === this.#newest ? 0 : buffer.byteLength)
    this.#newest = buffer
    tail.add(batch)
    this.#owners.push({ tail, bytes })
    this.#bytes += bytes
    while (this.#bytes > tailCacheBytesMax) {
      const oldest = this.#owners[this.#first]!
      this.#first += 1
      this.#bytes -= oldest.bytes
      oldest.tail.dropFirst()
    }
    if (this.#first < 1024 || this.#first * 2 < this.#owners.length) return
    this.#owners.splice(0, this.#first)
    this.#first = 0
  }
}
