// Cuts a connection's bytes into frames: an int32 length, then so many bytes. A frame that lies inside
// one chunk is a view of it; one that spans chunks is copied once, when its last byte is there.

/** Chunks smaller than this on average are joined early: each costs some 200 bytes beside its own. */
const chunkSizeMean = 4096
const chunksCountMin = 64

/** The bytes of one connection that no request has taken yet. */
export class FrameReader {
  #chunks: Buffer[] = []
  /** Where in the first chunk the unread bytes begin. */
  #position = 0
  #size = 0

  /** Unread bytes. */
  get size(): number {
    return this.#size
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk)
    this.#size += chunk.length
    const count = this.#chunks.length
    if (count >= chunksCountMin && this.#size < count * chunkSizeMean) this.#join(this.#size)
  }

  /** The length that the next frame declares, unchecked; undefined while fewer than 4 bytes are there. */
  declaredSize(): number | undefined {
    if (this.#size < 4) return undefined
    let [first] = this.#chunks
    if (!first || first.length - this.#position < 4) first = this.#join(this.#size)
    return first.readInt32BE(this.#position)
  }

  /** The next frame of `size` bytes without its length; undefined while it is not whole. */
  take(size: number): Buffer | undefined {
    if (this.#size < 4 + size) return undefined
    this.#skip(4)
    if (size === 0) return Buffer.alloc(0)
    let [first] = this.#chunks
    if (!first || first.length - this.#position < size) first = this.#join(size)
    const frame = first.subarray(this.#position, this.#position + size)
    this.#skip(size)
    return frame
  }

  clear(): void {
    this.#chunks = []
    this.#position = 0
    this.#size = 0
  }

  #skip(size: number): void {
    this.#size -= size
    this.#position += size
    for (
      let [first] = this.#chunks;
      first && this.#position >= first.length;
      [first] = this.#chunks
    ) {
      this.#position -= first.length
      this.#chunks.shift()
    }
  }

  /** Copies the first `size` unread bytes into a chunk of their own and puts it in front. */
  #join(size: number): Buffer {
    const joined = Buffer.allocUnsafeSlow(size)
    let filled = 0
    let taken = 0
    let position = this.#position
    while (filled < size) {
      const chunk = this.#chunks[taken]!
      const end = Math.min(chunk.length, position + size - filled)
      filled += chunk.copy(joined, filled, position, end)
      position = end
      if (end === chunk.length) {
        taken += 1
        position = 0
      }
    }
    const rest = this.#chunks.slice(taken)
    if (position > 0 && rest[0]) rest[0] = rest[0].subarray(position)
    this.#chunks = [joined, ...rest]
    this.#position = 0
    return joined
  }
}
