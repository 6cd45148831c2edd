// A bounded number of open files. A file is lent for an operation and stays open until its place is
// needed: never closed with an operation in flight or with bytes that are not synced (D8).
import type { Disk, DiskFile, OpenMode } from '#world'

interface Entry {
  file: DiskFile
  users: number
  pinned: boolean
  /** Its path may mean another file by now: closed when the last user is done. */
  released: boolean
}

/** Lends open files by path. */
export class FileLeases {
  readonly #disk: Disk
  readonly #countMax: number
  /** Longest unused first. */
  readonly #open = new Map<string, Entry>()
  readonly #opening = new Map<string, Promise<void>>()
  /** Paths released while they were being opened: what comes of it is not to be lent. */
  readonly #stale = new Set<string>()
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

  /** Runs an operation on the file; rejects as opening and operation do. */
  async use<T>(
    path: string,
    mode: Exclude<OpenMode, 'read'>,
    operation: (file: DiskFile) => Promise<T>,
  ): Promise<T> {
    const entry = await this.#acquire(path, mode)
    try {
      return await operation(entry.file)
    } finally {
      entry.users -= 1
      if (entry.released && entry.users === 0) await entry.file.close()
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

  /**
   * Forgets the file at a path, which is going to be removed: who asks from now on gets what stands
   * there then. It is closed once nobody uses it.
   */
  async release(path: string): Promise<void> {
    if (this.#opening.has(path)) this.#stale.add(path)
    const entry = this.#open.get(path)
    if (!entry) return
    this.#open.delete(path)
    entry.released = true
    if (entry.users === 0) await entry.file.close()
  }

  async closeAll(): Promise<void> {
    const entries = [...this.#open.values()]
    this.#open.clear()
    for (const { file } of entries) await file.close()
  }

  async #acquire(path: string, mode: OpenMode): Promise<Entry> {
    for (;;) {
      const entry = this.#open.get(path)
      if (entry) {
        this.#open.delete(path)
        this.#open.set(path, entry)
        entry.users += 1
        return entry
      }
      // Once open it may be evicted again before this goes on; then the next round opens it anew.
      await (this.#opening.get(path) ?? this.#begin(path, mode))
    }
  }

  #begin(path: string, mode: OpenMode): Promise<void> {
    const opening = this.#openFile(path, mode).finally(() => this.#opening.delete(path))
    this.#opening.set(path, opening)
    return opening
  }

  async #openFile(path: string, mode: OpenMode): Promise<void> {
    while (this.#open.size >= this.#countMax && !this.#evictOne())
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    const file = await this.#disk.open(path, mode)
    if (this.#stale.delete(path)) await file.close()
    else this.#open.set(path, { file, users: 0, pinned: false, released: false })
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
