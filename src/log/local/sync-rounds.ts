// Group commit: one round syncs every partition that has bytes to sync, and while it runs the next one
// gathers. Whoever waits for `acks=all` makes a round begin at once; bytes that nobody waits for get one
// soon all the same, because readers wait for it (D1).
//
// A round over many segments costs a sync for each; a commit log is to take that over (D2).
import { type Clock, type Disk, DiskError, type Logger, type Timer } from '#world'
import { idleSyncBytes, idleSyncMs, syncsMax } from '../limits.ts'
import type { FileLeases } from './file-leases.ts'
import type { Partition } from './partition.ts'

const outOfDescriptors: ReadonlySet<string> = new Set(['DISK_EMFILE', 'DISK_ENFILE'])

/** Decides when what is synced. */
export class SyncRounds {
  readonly #disk: Disk
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #leases: FileLeases
  readonly #dataFolder: string
  #dirty = new Set<Partition>()
  #idleBytes = 0
  #timer: Timer | undefined
  #running: Promise<void> | undefined
  #dataFolderSync: Promise<void> | undefined
  /** Bytes that are written and not synced, of partitions that are to be synced. */
  unsyncedBytes = 0

  constructor(disk: Disk, clock: Clock, logger: Logger, leases: FileLeases, dataFolder: string) {
    this.#disk = disk
    this.#clock = clock
    this.#logger = logger
    this.#leases = leases
    this.#dataFolder = dataFolder
  }

  /** A partition has written bytes that are to be synced. */
  note(partition: Partition, bytes: number): void {
    this.#dirty.add(partition)
    this.#idleBytes += bytes
    this.unsyncedBytes += bytes
    partition.notedBytes += bytes
  }

  /** Begins a round if one is due; called when the writes of a turn have been handed out. */
  consider(): void {
    if (this.#running || this.#dirty.size === 0) return
    if (this.#idleBytes >= idleSyncBytes || this.#someoneWaits()) this.#begin()
    else
      this.#timer ??= this.#clock.after(idleSyncMs, () => {
        this.#timer = undefined
        if (!this.#running && this.#dirty.size > 0) this.#begin()
      })
  }

  /** Resolves when a round has tried to sync what a partition has written so far. */
  async sync(partition: Partition): Promise<void> {
    this.note(partition, 0)
    while (this.#dirty.has(partition)) {
      if (!this.#running) this.#begin()
      await this.#running
    }
    await this.#running
  }

  /** Syncs everything there is and resolves when it is done. */
  async finish(): Promise<void> {
    while (this.#running || this.#dirty.size > 0) {
      if (!this.#running) this.#begin()
      await this.#running
    }
    this.#timer?.cancel()
  }

  #someoneWaits(): boolean {
    for (const partition of this.#dirty) if (partition.hasWaiters) return true
    return false
  }

  #begin(): void {
    const round = [...this.#dirty]
    this.#dirty = new Set()
    this.#idleBytes = 0
    this.#dataFolderSync = undefined
    this.#running = this.#run(round).finally(() => {
      this.#running = undefined
      this.consider()
    })
  }

  async #run(round: Partition[]): Promise<void> {
    let next = 0
    const work = async (): Promise<void> => {
      while (next < round.length) {
        next += 1
        await this.#settle(round[next - 1]!)
      }
    }
    await Promise.all(Array.from({ length: Math.min(syncsMax, round.length) }, work))
  }

  /** What was noted of a partition is settled, however its sync ends. */
  async #settle(partition: Partition): Promise<void> {
    const { notedBytes } = partition
    partition.notedBytes = 0
    await partition.inFolder(() => this.#sync(partition))
    this.unsyncedBytes -= notedBytes
  }

  /** A sync that failed has lost the pages, and a second one would not notice (D5). */
  async #sync(partition: Partition): Promise<void> {
    if (partition.dropped || partition.offline) return this.#forget(partition)
    const mark = partition.written
    try {
      for (const segment of partition.segments) {
        const size = segment.writtenSize
        if (size <= segment.syncedSize) continue
        await this.#syncFile(segment.path)
        segment.syncedSize = size
        if (segment.writtenSize === size) this.#leases.unpin(segment.path)
        if (!segment.folderSynced) await this.#disk.syncFolder(partition.folder)
        segment.folderSynced = true
      }
      if (!partition.folderSynced) await this.#syncDataFolder()
      partition.folderSynced = true
    } catch (error) {
      if (partition.dropped) return this.#forget(partition)
      // Without a descriptor nothing was synced, and so nothing lost.
      if (error instanceof DiskError && outOfDescriptors.has(error.code)) {
        await new Promise<void>((resolve) => this.#clock.after(idleSyncMs, resolve))
        this.note(partition, 0)
        return
      }
      this.#logger.error('a sync failed: the partition is offline until the broker starts again', {
        partition: `${partition.id.topic}-${partition.id.partition}`,
        error: String(error),
      })
      this.#forget(partition)
      partition.goOffline()
      return
    }
    partition.synced(mark)
  }

  /**
   * A file that is not open is opened beside the leases: to wait for a place among files that wait to be
   * synced would be to wait for oneself.
   */
  async #syncFile(path: string): Promise<void> {
    if (this.#leases.peek(path)) return this.#leases.use(path, 'write', (file) => file.sync())
    const file = await this.#disk.open(path, 'write')
    try {
      await file.sync()
    } finally {
      await file.close()
    }
  }

  #forget(partition: Partition): void {
    for (const segment of partition.segments) {
      segment.syncedSize = segment.writtenSize
      this.#leases.unpin(segment.path)
    }
  }

  /** The new folders of one round share one sync. */
  #syncDataFolder(): Promise<void> {
    this.#dataFolderSync ??= this.#disk.syncFolder(this.#dataFolder)
    return this.#dataFolderSync
  }
}
