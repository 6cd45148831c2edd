// Group commit: one round syncs every partition that has bytes to sync, and while it runs the next one
// gathers. Whoever waits for `acks=all` makes a round begin at once; bytes that nobody waits for get one
// soon all the same, because readers wait for it (D1).
//
// A round over few segments, or over much of them, syncs those. One over a little of many writes it once
// more, all together, to the commit log and syncs that; the segments follow in the background (D2).
import { Durations } from '#model'
import { type Clock, type Disk, DiskError, type Logger, type Timer } from '#world'
import {
  commitLogEntrySizeMax,
  commitLogSegmentsMin,
  idleSyncBytes,
  idleSyncMs,
  syncBoundsMs,
  syncsMax,
} from '../limits.ts'
import { CommitLog, encodeEntry } from './commit-log.ts'
import type { FileLeases } from './file-leases.ts'
import type { Mark } from './marks.ts'
import type { Partition } from './partition.ts'
import type { Segment } from './segment.ts'

const outOfDescriptors: ReadonlySet<string> = new Set(['DISK_EMFILE', 'DISK_ENFILE'])

/** Decides when what is synced. */
export class SyncRounds {
  readonly #disk: Disk
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #leases: FileLeases
  readonly #dataFolder: string
  readonly #commitLog: CommitLog
  /** A write found no room. */
  readonly #full: (partition: Partition, error: DiskError) => void
  readonly #coveredMax: number
  /** By half of the commit log: the segments whose newest bytes may be only there. */
  readonly #covered: [Map<Segment, Partition>, Map<Segment, Partition>] = [new Map(), new Map()]
  /** Those of the next round that somebody wants in their files. */
  readonly #toFiles = new Set<Partition>()
  #freeing: Promise<void> = Promise.resolve()
  #isFinishing = false
  #dirty = new Set<Partition>()
  #idleBytes = 0
  #timer: Timer | undefined
  #running: Promise<void> | undefined
  #dataFolderSync: Promise<void> | undefined
  /** Bytes that are written and not synced, of partitions that are to be synced. */
  unsyncedBytes = 0
  /** How long rounds took. */
  readonly durations = new Durations(syncBoundsMs)

  constructor(
    disk: Disk,
    clock: Clock,
    logger: Logger,
    leases: FileLeases,
    commitLog: CommitLog,
    dataFolder: string,
    full: (partition: Partition, error: DiskError) => void,
  ) {
    this.#full = full
    this.#commitLog = commitLog
    this.#coveredMax = Math.floor(leases.countMax / 2)
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

  /** Something that was acknowledged is in the commit log and not in its segment for good. */
  get leavesInLog(): boolean {
    return this.#covered.some((half) =>
      [...half].some(
        ([{ syncedSize, loggedSize }, { dropped }]) => !dropped && syncedSize < loggedSize,
      ),
    )
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

  /** Resolves when a round has tried to sync what a partition has written so far into its segments. */
  async sync(partition: Partition): Promise<void> {
    this.#toFiles.add(partition)
    this.note(partition, 0)
    while (this.#dirty.has(partition)) {
      if (!this.#running) this.#begin()
      await this.#running
    }
    await this.#running
  }

  /** Syncs everything there is into the segments and resolves when it is done. */
  async finish(): Promise<void> {
    this.#isFinishing = true
    while (this.#running || this.#dirty.size > 0) {
      if (!this.#running) this.#begin()
      await this.#running
    }
    this.#timer?.cancel()
    await this.#freeing
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
    const begunMs = this.#clock.monotonicMs()
    this.#running = this.#run(round).finally(() => {
      this.durations.add(this.#clock.monotonicMs() - begunMs)
      this.#running = undefined
      this.consider()
    })
  }

  async #run(round: Partition[]): Promise<void> {
    const logged = this.#loggable(round)
    await Promise.all([
      this.#writeLog(logged),
      this.#syncAll(round.filter((partition) => !logged.has(partition))),
    ])
  }

  async #syncAll(partitions: readonly Partition[]): Promise<void> {
    let next = 0
    const work = async (): Promise<void> => {
      while (next < partitions.length) {
        next += 1
        await this.#settle(partitions[next - 1]!)
      }
    }
    await Promise.all(Array.from({ length: Math.min(syncsMax, partitions.length) }, work))
  }

  /** The partitions of a round whose bytes go to the commit log; none where syncing them is sooner done. */
  #loggable(round: readonly Partition[]): Map<Partition, Piece> {
    const pieces = new Map<Partition, Piece>()
    for (const partition of round) {
      if (this.#toFiles.delete(partition) || this.#isFinishing) continue
      const piece = pieceOf(partition)
      if (piece && this.#mayCover(piece.segment)) pieces.set(partition, piece)
    }
    const size = CommitLog.sizeOf([...pieces.values()])
    const isWorthIt =
      pieces.size >= commitLogSegmentsMin &&
      size <= commitLogEntrySizeMax &&
      this.#commitLog.hasRoom(size)
    if (!isWorthIt) return new Map()
    for (const [partition, { mark }] of pieces) partition.logged = mark
    return pieces
  }

  /** Files that are only in the log stay open, and some must be left for the others. */
  #mayCover(segment: Segment): boolean {
    const [one, other] = this.#covered
    return one.has(segment) || other.has(segment) || one.size + other.size < this.#coveredMax
  }

  async #writeLog(pieces: ReadonlyMap<Partition, Piece>): Promise<void> {
    if (pieces.size === 0) return
    try {
      const ended = await this.#commitLog.append(encodeEntry([...pieces.values()]))
      for (const [partition, { segment, position, size, mark }] of pieces) {
        segment.loggedSize = position + size
        this.#covered[this.#commitLog.turn].set(segment, partition)
        this.unsyncedBytes -= partition.notedBytes
        partition.notedBytes = 0
        if (!partition.dropped && !partition.offline) partition.synced(mark)
      }
      if (ended !== undefined) this.#free(ended)
    } catch (error) {
      this.#logger.error('the commit log failed: segments are synced one by one from now on', {
        error: String(error),
      })
      this.#commitLog.turnOff()
      await this.#syncAll([...pieces.keys()])
    }
  }

  /** Syncs the segments that a half covers, in the background, so that it can be written anew. */
  #free(half: 0 | 1): void {
    const covered = this.#covered[half]
    this.#freeing = this.#freeing.then(async () => {
      for (const [segment, partition] of covered) {
        const { loggedSize } = segment
        await partition.operations.run(() => this.#syncSegment(partition, segment))
        // Its bytes are nowhere else: the half is kept for the next start.
        if (!partition.dropped && segment.syncedSize < loggedSize) return
      }
      covered.clear()
      this.#commitLog.release(half)
    })
  }

  async #syncSegment(partition: Partition, segment: Segment): Promise<void> {
    const isDone = (): boolean =>
      partition.dropped || !!partition.offline || segment.syncedSize >= segment.loggedSize
    while (!isDone() && !this.#isFinishing && !this.#flush(partition)) await this.#pause()
    if (isDone()) return
    const { written: mark } = partition
    const size = segment.writtenSize
    try {
      await this.#syncFile(segment.path)
    } catch (error) {
      if (!partition.dropped) this.#syncFailed(partition, error)
      return
    }
    segment.syncedSize = Math.max(segment.syncedSize, size)
    if (segment.writtenSize === segment.syncedSize) this.#leases.unpin(segment.path)
    const others = partition.segments.filter((other) => other !== segment)
    if (mark.segment === segment && others.every((other) => other.syncedSize === other.size))
      partition.inFiles(mark)
  }

  /** What was noted of a partition is settled, however its sync ends. */
  async #settle(partition: Partition): Promise<void> {
    const { notedBytes } = partition
    partition.notedBytes = 0
    await partition.operations.run(() => this.#sync(partition))
    this.unsyncedBytes -= notedBytes
  }

  /** A sync that failed has lost the pages, and a second one would not notice (D5). */
  async #sync(partition: Partition): Promise<void> {
    if (partition.dropped || partition.offline) return this.#forget(partition)
    if (!this.#isFinishing && !this.#flush(partition)) {
      await this.#pause()
      this.note(partition, 0)
      return
    }
    const mark = partition.written
    partition.takeUnsynced()
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
        await this.#pause()
        this.note(partition, 0)
        return
      }
      this.#syncFailed(partition, error)
      this.#forget(partition)
      return
    }
    partition.inFiles(mark)
    partition.synced(mark)
  }

  /** Brings what the files keep back into the page cache; false where there is no room, by which nothing is lost. */
  #flush(partition: Partition): boolean {
    try {
      for (const { path, writtenSize, syncedSize } of partition.segments)
        if (writtenSize > syncedSize) this.#leases.peek(path)?.flush()
      return true
    } catch (error) {
      // To sync the file will fail as this has.
      if (!(error instanceof DiskError) || error.kind !== 'full') return true
      if (!partition.refusing) this.#full(partition, error)
      return false
    }
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => this.#clock.after(idleSyncMs, resolve))
  }

  #syncFailed(partition: Partition, error: unknown): void {
    this.#logger.error('a sync failed: the partition is offline until the broker starts again', {
      partition: `${partition.id.topic}-${partition.id.partition}`,
      error: String(error),
    })
    partition.goOffline()
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

/** What of a partition goes to the commit log in one round. */
interface Piece {
  segment: Segment
  topicId: string
  partition: number
  baseOffset: number
  position: number
  chunks: readonly Buffer[]
  size: number
  /** Where the partition's written end is with it. */
  mark: Mark
}

/** Takes what a partition has written since the last round, if the commit log can go on with it. */
const pieceOf = (partition: Partition): Piece | undefined => {
  const { id, written: mark, folderSynced, dropped, offline } = partition
  const { segment } = mark
  if (!segment?.folderSynced || !folderSynced || dropped || offline) return undefined
  const runs = partition.takeUnsynced()
  const first = runs?.[0]
  const covered = Math.max(segment.syncedSize, segment.loggedSize)
  if (!runs || first?.segment !== segment || first.position !== covered) return undefined
  const { topicId, partition: number } = id
  const { baseOffset } = segment
  const chunks = runs.flatMap((run) => run.chunks)
  const size = runs.reduce((sum, run) => sum + run.size, 0)
  return { segment, topicId, partition: number, baseOffset, position: covered, chunks, size, mark }
}
