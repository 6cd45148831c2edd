// A segment's file that can keep small writes at its end back, to make one of many: 20,000 appends a second over
// 1,000 partitions spent half of the event loop's time in writes of 200 bytes, and waited for each other in the
// kernel. What is kept back is in no page cache: only what the commit log or a sync will hold may be (D2).
import type { DiskFile } from '#world'

/** The file, with what is kept back of it for all who read it. */
export class BufferedFile implements DiskFile {
  readonly #file: DiskFile
  readonly #capacity: number
  #buffer: Buffer | undefined
  /** What is kept back begins here in the file, and is so long. */
  #start = 0
  #size = 0

  /** Keeps at most `capacity` bytes back. */
  constructor(file: DiskFile, capacity: number) {
    this.#file = file
    this.#capacity = capacity
  }

  /** As `writeNow`, but may keep the chunks back until more come, or someone wants them in the file. */
  writeLater(chunks: readonly Uint8Array[], size: number, position: number): void {
    if (size > this.#capacity) {
      this.writeNow(chunks, position)
      return
    }
    if (position !== this.#start + this.#size || this.#size + size > this.#capacity) this.flush()
    if (this.#size === 0) this.#start = position
    this.#buffer ??= Buffer.allocUnsafeSlow(this.#capacity)
    for (const chunk of chunks) {
      this.#buffer.set(chunk, this.#size)
      this.#size += chunk.byteLength
    }
  }

  /** Brings what is kept back into the page cache; when it throws, it is still kept. */
  flush(): void {
    if (this.#size === 0) return
    this.#file.writeNow([this.#buffer!.subarray(0, this.#size)], this.#start)
    this.#size = 0
  }

  /** Gives up what is kept back from a position on. */
  forget(position: number): void {
    this.#size = Math.min(this.#size, Math.max(0, position - this.#start))
  }

  writeNow(chunks: readonly Uint8Array[], position: number): void {
    this.flush()
    this.#file.writeNow(chunks, position)
  }

  async write(chunks: readonly Uint8Array[], position: number): Promise<void> {
    this.flush()
    await this.#file.write(chunks, position)
  }

  async read(target: Uint8Array, position: number): Promise<number> {
    const end = this.#start + this.#size
    if (this.#size === 0 || position + target.byteLength <= this.#start)
      return this.#file.read(target, position)
    // Later writes may flush the buffer and use it anew while the file is read.
    const kept = Buffer.from(this.#buffer!.subarray(0, this.#size))
    const keptStart = this.#start
    if (position < keptStart)
      await this.#file.read(target.subarray(0, keptStart - position), position)
    const from = Math.max(position, keptStart)
    const to = Math.max(from, Math.min(position + target.byteLength, end))
    target.set(kept.subarray(from - keptStart, to - keptStart), from - position)
    return Math.max(0, to - position)
  }

  async sync(): Promise<void> {
    this.flush()
    this.#buffer = undefined
    await this.#file.sync()
  }

  async truncate(size: number): Promise<void> {
    this.flush()
    await this.#file.truncate(size)
  }

  async size(): Promise<number> {
    this.flush()
    return this.#file.size()
  }

  async close(): Promise<void> {
    try {
      this.flush()
    } finally {
      await this.#file.close()
    }
  }
}
