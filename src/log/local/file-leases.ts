// A bounded number of open files. A file is lent for an operation and stays open until its place is
// needed: never closed with an operation in flight or with bytes that are not synced (D8).
import type { Disk, DiskFile, OpenMode } from '#world'
import { keptBackSizeMax } from '../limits.ts'
import { BufferedFile } from './buffered-file.ts'

interface Entry {
  file: BufferedFile
  users: number
  pinned: boolean
  /** Its path may mean another file by now: closed when the last user is done. */
  released: boolean
}

/** Lends open files by path. */
export class FileLeases {
  readonly #disk: Disk
  readonly countMax: number
  /** Longest unused first. */
  readonly #open = new Map<string, Entry>()
  readonly #opening = new Map<string, Promise<Entry>>()
  readonly #waiting: (() => void)[] = []
  /** Files that are open, being opened or being closed. */
  #taken = 0
  #openedCount = 0

  constructor(disk: Disk, countMax: number) {
    this.#disk = disk
    this.countMax = countMax
  }

  get count(): number {
    return this.#taken
  }

  /** The file when it is open already, for an operation on this very turn. */
  peek(path: string): BufferedFile | undefined {
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
      if (entry.released && entry.users === 0) await this.#close(entry)
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
   * there then. It is closed once nobody uses it. None may be just being opened.
   */
  async release(path: string): Promise<void> {
    const entry = this.#open.get(path)
    if (!entry) return
    this.#open.delete(path)
    entry.released = true
    if (entry.users === 0) await this.#close(entry)
  }

  /** The file was renamed: who is lent it keeps it, and who asks gets it by its new path. */
  renamed(from: string, to: string): void {
    const entry = this.#open.get(from)
    if (!entry) return
    this.#open.delete(from)
    this.#open.set(to, entry)
  }

  async closeAll(): Promise<void> {
    for (const path of [...this.#open.keys()]) await this.release(path)
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
      const opening = this.#opening.get(path)
      if (!opening) return this.#begin(path, mode)
      // Whoever began it has it first; when this goes on it may be closed again already.
      await opening
    }
  }

  #begin(path: string, mode: OpenMode): Promise<Entry> {
    const opening = this.#openFile(path, mode).finally(() => this.#opening.delete(path))
    this.#opening.set(path, opening)
    return opening
  }

  /** Opens a file with its first user. */
  async #openFile(path: string, mode: OpenMode): Promise<Entry> {
    while (this.#taken >= this.countMax) {
      const room = new Promise<void>((resolve) => this.#waiting.push(resolve))
      this.#makeRoom()
      await room
    }
    this.#taken += 1
    try {
      this.#openedCount += 1
      // Files that fill at the same rate are not to be full at the same time.
      const capacity = keptBackSizeMax * (1 - (this.#openedCount % 16) / 32)
      const file = new BufferedFile(await this.#disk.open(path, mode), capacity)
      const entry = { file, users: 1, pinned: false, released: false }
      this.#open.set(path, entry)
      return entry
    } catch (error) {
      this.#freed()
      throw error
    }
  }

  /** Closes the longest unused file that may be closed, if someone waits for its place. */
  #makeRoom(): void {
    if (this.#waiting.length === 0) return
    for (const [path, entry] of this.#open) {
      if (entry.users > 0 || entry.pinned) continue
      // A failing close loses nothing: all is synced.
      this.release(path).catch(() => undefined)
      return
    }
  }

  async #close({ file }: Entry): Promise<void> {
    try {
      await file.close()
    } finally {
      this.#freed()
    }
  }

  /** Lets one who waits for a place look again. */
  #freed(): void {
    this.#taken -= 1
    this.#waiting.shift()?.()
  }
}
