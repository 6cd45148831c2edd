// A bounded number of open files. A file is lent for an operation and stays open until its place is
// needed: never closed with an operation in flight or with bytes that are not synced (D8).
import type { Disk, DiskFile } from '#world'

interface Entry {
  file: DiskFile
  users: number
  pinned: boolean
}

/** Lends open files by path. */
export class FileLeases {
  readonly #disk: Disk
  readonly #countMax: number
  /** Longest unused first. */
  readonly #open = new Map<string, Entry>()
  readonly #opening = new Map<string, Promise<void>>()
  readonly #waiting: (() => void)[] = []

  constructor(disk: Disk, countMax: number) {
    this.#disk = disk
    this.#countMax = countMax
  }

  get count(): number {
    return this.#open.size + this.#opening.size
  }

  /** The file when it is open already, for an operation on this very turn. */
  peek(path: string): DiskFile | undefined {
    return this.#open.get(path)?.file
  }

  /** Runs an operation on the file, made when missing; rejects as opening and operation do. */
  async use<T>(path: string, operation: (file: DiskFile) => Promise<T>): Promise<T> {
    const entry = await this.#acquire(path)
    try {
      return await operation(entry.file)
    } finally {
      entry.users -= 1
      this.#makeRoom()
    }
  }

  /** Keeps an open file open: it has bytes that are not synced. */
  pin(path: string): void {
    const entry = this.#open.get(path)
    if (entry) entry.pinned = true
  }

  unpin(path: string): void {
    const entry = this.#open.get(path)
    if (!entry) return
    entry.pinned = false
    this.#makeRoom()
  }

  /** Closes the file once nobody uses it; for one that is going to be removed. */
  async release(path: string): Promise<void> {
    const entry = this.#open.get(path)
    if (!entry) return
    entry.pinned = false
    if (entry.users > 0) return
    this.#open.delete(path)
    await entry.file.close()
  }

  async closeAll(): Promise<void> {
    const entries = [...this.#open.values()]
    this.#open.clear()
    for (const { file } of entries) await file.close()
  }

  async #acquire(path: string): Promise<Entry> {
    for (;;) {
      const entry = this.#open.get(path)
      if (entry) {
        this.#open.delete(path)
        this.#open.set(path, entry)
        entry.users += 1
        return entry
      }
      // Once open it may be evicted again before this goes on; then the next round opens it anew.
      await (this.#opening.get(path) ?? this.#begin(path))
    }
  }

  #begin(path: string): Promise<void> {
    const opening = this.#openFile(path).finally(() => this.#opening.delete(path))
    this.#opening.set(path, opening)
    return opening
  }

  async #openFile(path: string): Promise<void> {
    while (this.#open.size >= this.#countMax && !this.#evictOne())
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    const file = await this.#disk.open(path, 'create')
    this.#open.set(path, { file, users: 0, pinned: false })
  }

  /** Lets one who waits for a place look again. */
  #makeRoom(): void {
    if (this.#open.size > this.#countMax) this.#evictOne()
    this.#waiting.shift()?.()
  }

  /** Closes the longest unused file that may be closed. A failing close loses nothing: all is synced. */
  #evictOne(): boolean {
    for (const [path, entry] of this.#open) {
      if (entry.users > 0 || entry.pinned) continue
      this.#open.delete(path)
      entry.file.close().catch(() => undefined)
      return true
    }
    return false
  }
}
