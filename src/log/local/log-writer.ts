// What a turn of the event loop appended goes to the page cache at its end: one write a partition. The
// loop itself writes where that is fast, which is nearly always, and as much of it as a turn has time for;
// where it is slow the thread pool does, in order per partition (D7).
import { type Clock, type Disk, DiskError, type Logger } from '#world'
import {
  flushMsNever,
  preparationsMax,
  slowPauseMs,
  slowWriteMs,
  unsyncedBytesMax,
  writeMsPerTurnMax,
} from '../limits.ts'
import { writeTopicId } from './checkpoint-files.ts'
import type { FileLeases } from './file-leases.ts'
import type { Run } from './marks.ts'
import type { Partition } from './partition.ts'
import type { SyncRounds } from './sync-rounds.ts'
import { Turnstile } from './turnstile.ts'

/** What the writer asks of the engine. */
export interface WriterHost {
  /** Resolves when no older folder of that name is in the way any more. */
  folderFree(partition: Partition): Promise<void>
  /** A write found no room, or no descriptor. */
  full(partition: Partition, error: DiskError): void
}

export class LogWriter {
  readonly #disk: Disk
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #leases: FileLeases
  readonly #rounds: SyncRounds
  readonly #host: WriterHost
  readonly #turn = new Set<Partition>()
  /** Partitions that will be synced when their `flush.ms` is over. */
  readonly #flushing = new Set<Partition>()
  readonly #draining = new Set<Promise<void>>()
  readonly #preparing = new Turnstile(preparationsMax)
  #scheduled = false
  #poolUntilMs = 0
  /** Bytes and records that were written so far. */
  writtenBytes = 0
  writtenRecords = 0

  constructor(
    disk: Disk,
    clock: Clock,
    logger: Logger,
    leases: FileLeases,
    rounds: SyncRounds,
    host: WriterHost,
  ) {
    this.#disk = disk
    this.#clock = clock
    this.#logger = logger
    this.#leases = leases
    this.#rounds = rounds
    this.#host = host
  }

  /** The partition has runs: they are written when this turn of the loop ends. */
  schedule(partition: Partition): void {
    this.#turn.add(partition)
    if (this.#scheduled) return
    this.#scheduled = true
    this.#clock.endOfTurn(() => this.#endTurn())
  }

  /** Resolves when everything that was scheduled has been written. */
  async finish(): Promise<void> {
    while (this.#scheduled || this.#draining.size > 0) {
      if (this.#scheduled) this.#endTurn()
      await Promise.all(this.#draining)
    }
  }

  /** What there is no time for is left to the next turn: handing it to the pool costs several times as much. */
  #endTurn(): void {
    this.#scheduled = false
    const startedMs = this.#clock.monotonicMs()
    let nowMs = startedMs
    for (const partition of this.#turn) {
      if (nowMs - startedMs >= writeMsPerTurnMax) {
        this.schedule(partition)
        break
      }
      this.#turn.delete(partition)
      if (partition.writing || partition.runs.length === 0) continue
      const mayWrite = nowMs >= this.#poolUntilMs && this.#rounds.unsyncedBytes < unsyncedBytesMax
      if (!mayWrite || !this.#writeNow(partition)) this.#drainLater(partition)
      const afterMs = this.#clock.monotonicMs()
      if (afterMs - nowMs > slowWriteMs) this.#poolUntilMs = afterMs + slowPauseMs
      nowMs = afterMs
    }
    this.#rounds.consider()
  }

  /** Writes all runs on this turn; false when they need files that are not open. */
  #writeNow(partition: Partition): boolean {
    if (!partition.hasFolder) return false
    for (const { segment } of partition.runs) if (!this.#leases.peek(segment.path)) return false
    const { mayWriteLater } = partition
    for (const run of partition.takeRuns()) {
      const file = this.#leases.peek(run.segment.path)!
      try {
        this.#leaveSegment(partition, run)
        if (mayWriteLater) file.writeLater(run.chunks, run.size, run.position)
        else file.writeNow(run.chunks, run.position)
      } catch (error) {
        this.#failed(partition, error)
        return true
      }
      this.#wrote(partition, run)
    }
    return true
  }

  #drainLater(partition: Partition): void {
    partition.writing = true
    const drained = partition.operations
      .run(() => this.#drain(partition))
      .finally(() => {
        partition.writing = false
        this.#draining.delete(drained)
        this.#rounds.consider()
      })
    this.#draining.add(drained)
  }

  async #drain(partition: Partition): Promise<void> {
    try {
      await this.#prepare(partition)
      while (partition.runs.length > 0)
        for (const run of partition.takeRuns()) {
          const { path } = run.segment
          if (partition.dropped) return
          await this.#leases.use(path, 'create', async (file) => {
            // A topic of the same name may stand there by now.
            if (partition.dropped) return
            this.#leaveSegment(partition, run)
            await file.write(run.chunks, run.position)
            if (partition.config.flush === 'disk') this.#leases.pin(path)
          })
          if (partition.refusing || partition.offline || partition.dropped) return
          this.#wrote(partition, run)
          // The next file may have to wait until a sync lets another one be closed.
          this.#rounds.consider()
        }
    } catch (error) {
      this.#failed(partition, error)
    }
  }

  /**
   * The folder, and whose it is, before the first batch; of all partitions that need one a few at a time,
   * since each holds a descriptor and a thread of the pool that syncs and reads need as well.
   */
  async #prepare(partition: Partition): Promise<void> {
    if (partition.hasFolder) return
    await this.#host.folderFree(partition)
    await this.#preparing.run(async () => {
      if (partition.dropped) return
      await this.#disk.makeFolder(partition.folder)
      await writeTopicId(this.#disk, partition.folder, partition.id.topicId)
      partition.hasFolder = true
    })
  }

  /** A start takes what is in a segment for all of it when there is a later one. */
  #leaveSegment({ written }: Partition, { segment }: Run): void {
    if (written.segment && written.segment !== segment)
      this.#leases.peek(written.segment.path)?.flush()
  }

  #wrote(partition: Partition, run: Run): void {
    this.writtenBytes += run.size
    this.writtenRecords += run.end - partition.written.offset
    if (partition.config.flush === 'disk') {
      this.#leases.pin(run.segment.path)
      this.#rounds.note(partition, run.size)
    } else this.#flushLater(partition, run.end)
    partition.wrote(run)
  }

  /** `flush.messages` and `flush.ms` bound what a partition under `flush=os` leaves to the system. */
  #flushLater(partition: Partition, end: number): void {
    const { flushMessages, flushMs } = partition.config
    const isDue = end - partition.durable.offset >= flushMessages
    if (isDue || partition.hasDiskWaiters) this.#rounds.note(partition, 0)
    if (flushMs >= flushMsNever || this.#flushing.has(partition)) return
    this.#flushing.add(partition)
    this.#clock.after(flushMs, () => {
      this.#flushing.delete(partition)
      this.#rounds.note(partition, 0)
      this.#rounds.consider()
    })
  }

  #failed(partition: Partition, error: unknown): void {
    if (partition.dropped) return
    if (error instanceof DiskError && error.kind === 'full') {
      this.#host.full(partition, error)
      return
    }
    this.#logger.error('a write failed: the partition is offline until the broker starts again', {
      partition: `${partition.id.topic}-${partition.id.partition}`,
      error: String(error),
    })
    partition.goOffline()
  }
}
