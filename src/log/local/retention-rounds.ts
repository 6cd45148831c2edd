// Deleting the oldest segments, in an order that a crash at any step leaves sound (D3):
//
//   1. what goes is decided; a log that goes whole begins a new segment first
//   2. checkpoint: the recovery points are beyond what goes, and producers that wrote it have a snapshot
//   3. the log start moves up, durably: readers get OFFSET_OUT_OF_RANGE from here on
//   4. the files get `.deleted` behind their names, and are removed after `file.delete.delay.ms`
//
// After a crash between the steps the segments are there again, before the log start at most, and the
// next round takes them.
import { type Clock, type Disk, DiskError, type Logger, type Timer } from '#world'
import type { LogConfig } from '../engine.ts'
import { firstRetentionCheckMs } from '../limits.ts'
import { expiredCount, type RetainedSegment } from '../retention.ts'
import type { Checkpoints } from './checkpoints.ts'
import type { DataFolder } from './data-folder.ts'
import type { FileLeases } from './file-leases.ts'
import type { Partition } from './partition.ts'
import { deletedFileEnding, type Segment } from './segment.ts'
import type { SyncRounds } from './sync-rounds.ts'

/** What a round takes from one partition. */
interface Shedding {
  partition: Partition
  segments: Segment[]
}

/** What the rounds work with beside time and disk. */
export interface RetentionParts {
  leases: FileLeases
  rounds: SyncRounds
  checkpoints: Checkpoints
  dataFolder: DataFolder
  partitions: () => Iterable<Partition>
}

export class RetentionRounds {
  readonly #disk: Disk
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #parts: RetentionParts
  readonly #removals = new Set<Promise<void>>()
  #timer: Timer | undefined
  #running: Promise<void> = Promise.resolve()
  #closed = false

  constructor(disk: Disk, clock: Clock, logger: Logger, parts: RetentionParts) {
    this.#disk = disk
    this.#clock = clock
    this.#logger = logger
    this.#parts = parts
  }

  /** Looks at every partition each `intervalMs`, for the first time after half a minute at most. */
  start(intervalMs: number): void {
    const later = (delayMs: number): void => {
      this.#timer = this.#clock.after(delayMs, () => {
        this.#running = this.#round()
          .catch((error: unknown) => {
            this.#logger.warn('old segments could not be deleted; the next round tries again', {
              error: String(error),
            })
          })
          .finally(() => {
            if (!this.#closed) later(intervalMs)
          })
      })
    }
    later(Math.min(intervalMs, firstRetentionCheckMs))
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#timer?.cancel()
    await this.#running
    await Promise.all(this.#removals)
  }

  /** Makes the log starts of all partitions durable. */
  async writeLogStarts(): Promise<void> {
    const moved = [...this.#parts.partitions()].filter(({ logStart }) => logStart > 0)
    await this.#parts.dataFolder.writeLogStarts(
      moved.map(({ id, logStart }) => ({ ...id, offset: logStart })),
    )
  }

  async #round(): Promise<void> {
    const due: Shedding[] = []
    for (const partition of [...this.#parts.partitions()]) {
      if (this.#closed) return
      const segments = await partition.operations.run(() => this.#expired(partition))
      if (segments.length > 0) due.push({ partition, segments })
    }
    if (due.length === 0) return
    await this.#parts.checkpoints.write()
    for (const { partition, segments } of due) {
      if (areReplaced(segments)) continue
      const first = partition.segments[segments.length]
      if (first && first.baseOffset > partition.logStart) partition.startAt(first.baseOffset)
    }
    await this.writeLogStarts()
    for (const shedding of due) {
      const { partition } = shedding
      await partition.operations.run(() => partition.reshaping.run(() => this.#takeAway(shedding)))
    }
  }

  /** The segments of a partition that are to go, on disk and below a new segment if all of them go. */
  async #expired(partition: Partition): Promise<Segment[]> {
    if (partition.dropped || partition.offline || partition.refusing || partition.damage) return []
    const { segments } = partition
    const retained: RetainedSegment[] = segments.map(({ baseOffset, size }) => ({
      baseOffset,
      size,
      largestTimeMs: Number.POSITIVE_INFINITY,
    }))
    const count = (config: LogConfig): number => {
      const { logStart, readable } = partition
      const end = partition.segments[retained.length]?.baseOffset ?? partition.end
      const log = { segments: retained, logStart, highWatermark: readable.offset, end }
      return expiredCount(log, config, this.#clock.nowMs())
    }
    // What goes for another reason than its age needs no look into its index, and neither does what is
    // behind a segment that is young enough.
    const youngMs = this.#clock.nowMs() - partition.config.retentionMs
    const first = count({ ...partition.config, retentionMs: -1 })
    for (let index = first; index < retained.length; index += 1) {
      const largestTimeMs = await this.#largestTime(partition, segments[index]!)
      retained[index]!.largestTimeMs = largestTimeMs
      if (largestTimeMs >= youngMs) break
    }
    // A segment that was begun meanwhile is behind those that were looked at; where a cleaning has put one
    // in the place of several, the next round looks again.
    if (partition.dropped || partition.segments !== segments) return []
    const expiredNow = count(partition.config)
    if (expiredNow === 0) return []
    if (expiredNow === partition.segments.length) partition.roll(this.#clock.nowMs())
    const expired = partition.segments.slice(0, expiredNow)
    if (expired.some(({ size, syncedSize }) => syncedSize < size))
      await this.#parts.rounds.sync(partition)
    return expired.every(({ size, syncedSize }) => syncedSize === size) ? expired : []
  }

  async #largestTime({ config }: Partition, segment: Segment): Promise<number> {
    if (!config.deletes || config.retentionMs < 0) return Number.POSITIVE_INFINITY
    return segment.newestTime(this.#disk)
  }

  async #takeAway({ partition, segments }: Shedding): Promise<void> {
    if (partition.dropped || areReplaced(segments)) return
    partition.untouched = false
    partition.segments = partition.segments.filter((segment) => !segments.includes(segment))
    const away: string[] = []
    for (const segment of segments) {
      // A failing close loses nothing: the file is going to be removed.
      await this.#parts.leases.release(segment.path).catch(() => undefined)
      for (const path of segment.filePaths) if (await this.#rename(path)) away.push(path)
    }
    const bytes = segments.reduce((sum, { size }) => sum + size, 0)
    this.#logger.info('deleted segments that retention does not keep', {
      partition: `${partition.id.topic}-${partition.id.partition}`,
      segments: segments.length,
      bytes,
      logStart: partition.logStart,
    })
    this.#clock.after(partition.config.fileDeleteDelayMs, () => this.#removeFiles(partition, away))
  }

  async #rename(path: string): Promise<boolean> {
    try {
      await this.#disk.rename(path, `${path}${deletedFileEnding}`)
      return true
    } catch (error) {
      if (error instanceof DiskError && error.kind === 'absent') return false
      throw error
    }
  }

  #removeFiles(partition: Partition, paths: readonly string[]): void {
    if (this.#closed || partition.dropped) return
    const removing = async (): Promise<void> => {
      for (const path of paths) await this.#disk.remove(`${path}${deletedFileEnding}`)
    }
    const removal = partition.operations
      .run(removing)
      .catch((error: unknown) => {
        this.#logger.warn('a deleted segment could not be removed; the next start tries again', {
          error: String(error),
        })
      })
      .finally(() => this.#removals.delete(removal))
    this.#removals.add(removal)
  }
}

/** Compaction came first: their paths are another segment's now, and the next round looks again. */
const areReplaced = (segments: readonly Segment[]): boolean =>
  segments.some(({ replaced }) => replaced)
