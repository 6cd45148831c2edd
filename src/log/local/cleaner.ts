// Cleans compacted partitions from time to time (KIP-534, and Kafka's rules for what is due). What takes
// long runs on threads (`cleaning-job.ts`); what others see change is changed here, on the event loop,
// between two of their turns: the new segment takes the place of the old ones in memory, readers of those
// finish, and the files get their names (`swap-files.ts`).
//
// Only what is on disk below a recovery point is cleaned (D3), and a result counts only if the segments it
// was made from are all still there: retention, a deletion or another config may have come first.
import { batchHeaderSize } from '#records'
import {
  type Clock,
  type Disk,
  type Logger,
  type Random,
  type Thread,
  ThreadEnded,
  type Threads,
  type Timer,
} from '#world'
import type { AbortedSpan } from '../aborted-spans.ts'
import {
  type CleanableSegment,
  type CleaningPlan,
  groupSegments,
  planCleaning,
} from '../compaction/cleanable.ts'
import type { CleanerSettings } from '../compaction/cleaner-settings.ts'
import { lastsOf } from '../compaction.ts'
import { abortedOf } from './aborted-lookups.ts'
import { type PartitionOffset, partitionName } from './checkpoint-files.ts'
import type { Checkpoints } from './checkpoints.ts'
import type { CleaningQuestion, Learnt, Written } from './cleaning-job.ts'
import type { DataFolder } from './data-folder.ts'
import type { FileLeases } from './file-leases.ts'
import { offsetEntrySize } from './index-files.ts'
import type { Partition } from './partition.ts'
import type { Segment } from './segment.ts'
import { SegmentSwap } from './segment-swap.ts'
import { undoCleaning } from './swap-files.ts'

const secretSize = 16

/** What a cleaner works on. */
export interface CleanerHost {
  leases: FileLeases
  partitions(): Iterable<Partition>
  checkpoints: Checkpoints
  dataFolder: DataFolder
}

/** A partition that is due, with its segments as the plan saw them. */
interface Due {
  partition: Partition
  plan: CleaningPlan
  segments: readonly PlannedSegment[]
}

interface PlannedSegment extends CleanableSegment {
  of: Segment
}

export class Cleaner {
  readonly #clock: Clock
  readonly #disk: Disk
  readonly #random: Random
  readonly #logger: Logger
  readonly #threads: Threads
  readonly #host: CleanerHost
  readonly #settings: CleanerSettings
  readonly #swap: SegmentSwap
  /** The partitions that are being cleaned, each with its thread. */
  readonly #busy = new Map<Partition, Thread>()
  #round: Promise<number> = Promise.resolve(0)
  #timer: Timer | undefined
  #stopped = false

  constructor(
    disk: Disk,
    clock: Clock,
    random: Random,
    logger: Logger,
    threads: Threads,
    host: CleanerHost,
    settings: CleanerSettings,
  ) {
    this.#disk = disk
    this.#clock = clock
    this.#random = random
    this.#logger = logger
    this.#threads = threads
    this.#host = host
    this.#settings = settings
    this.#swap = new SegmentSwap(disk, clock, logger, host.leases)
  }

  /** Cleans from time to time until `stop`. */
  start(): void {
    if (this.#settings.threads > 0) this.#later(this.#settings.backoffMs)
  }

  /** Cleans what is due, once each, after a round that is going on; resolves to how many were cleaned. */
  run(): Promise<number> {
    this.#round = this.#round
      .then(() => this.#run())
      .catch((error: unknown) => {
        this.#logger.error('a round of cleaning failed; the next one tries again', {
          error: String(error),
        })
        return 0
      })
    return this.#round
  }

  /** The partition is deleted: nothing may be written into its folder any more. */
  forget(partition: Partition): void {
    void this.#busy.get(partition)?.end()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#timer?.cancel()
    await Promise.all([...this.#busy.values()].map((thread) => thread.end()))
    await this.#round
    this.#swap.close()
  }

  #later(delayMs: number): void {
    this.#timer = this.#clock.after(delayMs, () => {
      void this.run().then((count) => {
        if (!this.#stopped) this.#later(count > 0 ? 0 : this.#settings.backoffMs)
      })
    })
  }

  async #run(): Promise<number> {
    if (this.#stopped) return 0
    await this.#makeSafe()
    const due = (await this.#due()).sort((a, b) => b.plan.ratio - a.plan.ratio)
    if (due.length === 0) return 0
    const threadCount = Math.min(Math.max(1, this.#settings.threads), due.length)
    let count = 0
    const work = async (): Promise<void> => {
      const thread = this.#threads.start(workerModule())
      try {
        for (let next = due.shift(); next && !this.#stopped; next = due.shift())
          if (await this.#clean(next, thread)) count += 1
        await ask(thread, { kind: 'release' })
      } catch (error) {
        if (!(error instanceof ThreadEnded)) throw error
      } finally {
        await thread.end()
      }
    }
    await Promise.all(Array.from({ length: threadCount }, work))
    if (count > 0) await this.#writeCheckpoint()
    return count
  }

  /** Closed segments of compacted partitions come below a durable recovery point. */
  async #makeSafe(): Promise<void> {
    for (const partition of this.#cleanable()) {
      const closed = partition.segments.slice(0, -1)
      const isSynced = closed.every(({ syncedSize, size }) => syncedSize >= size)
      if (isSynced && safeEnd(partition) < (partition.active?.baseOffset ?? 0))
        return this.#host.checkpoints.write().catch((error: unknown) =>
          this.#logger.warn('a checkpoint before a cleaning could not be written', {
            error: String(error),
          }),
        )
    }
  }

  *#cleanable(): Iterable<Partition> {
    for (const partition of this.#host.partitions()) if (isCleanable(partition)) yield partition
  }

  async #due(): Promise<Due[]> {
    const due: Due[] = []
    for (const partition of [...this.#cleanable()]) {
      const { config, logStart, end, readable, cleanedTo } = partition
      const limit = Math.min(readable.offset, partition.lastStable, safeEnd(partition))
      try {
        const segments = await partition.operations.read(() => this.#describe(partition))
        const log = { segments, logStart, end, limit, cleanedTo }
        const plan = planCleaning(log, config, this.#clock.nowMs())
        if (plan.isDue) due.push({ partition, plan, segments })
      } catch (error) {
        this.#failed(partition, error)
      }
    }
    return due
  }

  /** Times cost a look into files, so they are asked for only where they matter. */
  async #describe({ segments, config }: Partition): Promise<PlannedSegment[]> {
    const described: PlannedSegment[] = []
    for (const segment of segments) {
      const wantsLargest = config.minCompactionLagMs > 0
      const wantsFirst = config.maxCompactionLagMs < Number.MAX_SAFE_INTEGER
      described.push({
        baseOffset: segment.baseOffset,
        size: segment.size,
        indexSize: indexSizeMax(segment.size, config.indexIntervalBytes),
        firstTimestampMs: wantsFirst ? await segment.firstTime(this.#disk) : -1,
        maxTimestampMs: wantsLargest ? await segment.newestTime(this.#disk) : -1,
        of: segment,
      })
    }
    return described
  }

  async #clean(due: Due, thread: Thread): Promise<boolean> {
    const { partition } = due
    if (!isCleanable(partition)) return false
    this.#busy.set(partition, thread)
    try {
      await partition.operations.run(() => this.#cleanSegments(due, thread))
      return true
    } catch (error) {
      this.#failed(partition, error)
      return false
    } finally {
      this.#busy.delete(partition)
    }
  }

  async #cleanSegments({ partition, plan, segments }: Due, thread: Thread): Promise<void> {
    const { config, folder } = partition
    const { firstDirtyOffset, firstUncleanableOffset } = plan
    const startedMs = this.#clock.monotonicMs()
    const cleanable = segments.filter(({ baseOffset }) => baseOffset < firstUncleanableOffset)
    const first = cleanable.findLastIndex(({ baseOffset }) => baseOffset <= firstDirtyOffset)
    const learnt = await ask<Learnt>(thread, {
      kind: 'learn',
      folder,
      segments: cleanable.slice(Math.max(0, first)).map(plain),
      endOffset: firstUncleanableOffset,
      bytesPerSecondMax: this.#settings.bytesPerSecondMax / Math.max(1, this.#settings.threads),
      compaction: this.#compaction(partition, plan, await this.#abortedIn(partition, plan)),
    })
    const touched = cleanable.filter(({ baseOffset }) => baseOffset < learnt.end)
    for (const group of groupSegments(touched, config, firstUncleanableOffset)) {
      const written = await ask<Written>(thread, {
        kind: 'keep',
        segments: group.map(plain),
        indexIntervalBytes: config.indexIntervalBytes,
      })
      if (written.isChanged) await this.#take(partition, group, written)
    }
    partition.cleanedTo = learnt.end
    this.#logger.info('cleaned a compacted log', {
      partition: partitionName(partition.id.topic, partition.id.partition),
      from: firstDirtyOffset,
      to: learnt.end,
      bytesBefore: plan.cleanBytes + plan.dirtyBytes,
      bytesNow: partition.size,
      ms: Math.round(this.#clock.monotonicMs() - startedMs),
    })
  }

  #compaction(
    { config, producers }: Partition,
    { firstDirtyOffset, firstUncleanableOffset }: CleaningPlan,
    aborted: readonly AbortedSpan[],
  ) {
    const { dedupeBufferSize, threads, loadFactor } = this.#settings
    return {
      sizeMax: Math.floor(dedupeBufferSize / Math.max(1, threads)),
      loadFactor,
      keysMax: firstUncleanableOffset - firstDirtyOffset,
      secret: this.#random.bytes(secretSize),
      firstDirtyOffset,
      nowMs: this.#clock.nowMs(),
      deleteRetentionMs: config.deleteRetentionMs,
      aborted,
      producers: lastsOf(producers.entries),
    }
  }

  /** All aborted transactions that began in what is cleaned: the markers of some are behind it. */
  async #abortedIn(
    { segments, logStart }: Partition,
    { firstUncleanableOffset: upTo }: CleaningPlan,
  ): Promise<AbortedSpan[]> {
    const found: AbortedSpan[] = []
    for (const segment of segments) {
      const aborted = await abortedOf(this.#disk, segments, segment)
      if (!aborted.collect(Math.min(logStart, segment.baseOffset), upTo, found)) break
    }
    return found
  }

  /** Puts a cleaned segment in its place, unless something else has happened to the old ones. */
  #take(partition: Partition, group: readonly PlannedSegment[], { size }: Written): Promise<void> {
    return partition.reshaping.run(async () => {
      const old = group.map(({ of }) => of)
      const isWanted =
        isCleanable(partition) &&
        !this.#stopped &&
        old.every((one) => partition.segments.includes(one))
      if (isWanted) return this.#swap.run(partition, old, size)
      if (!partition.dropped) await undoCleaning(this.#disk, partition.folder, old[0]!.baseOffset)
      throw new ThreadEnded()
    })
  }

  #failed(partition: Partition, error: unknown): void {
    const { code, kind } = error as { code?: string; kind?: string }
    if (code === 'THREAD_ENDED' || partition.dropped || this.#stopped) return
    const fields = {
      partition: partitionName(partition.id.topic, partition.id.partition),
      error: String(error),
    }
    // Retention, or a log that was opened again, may have taken a file away from under the cleaning.
    if (kind === 'full' || kind === 'absent') {
      this.#logger.warn('a cleaning found no room, or a file no more; it is tried again', fields)
      return
    }
    partition.uncleanable = true
    this.#logger.error('a log cannot be cleaned, and is left alone until the next start', fields)
  }

  /** What is lost of it is only cleaned once more. */
  async #writeCheckpoint(): Promise<void> {
    try {
      await this.#host.dataFolder.writeCleaned(this.#offsets())
    } catch (error) {
      this.#logger.warn('where logs were cleaned to could not be written', {
        error: String(error),
      })
    }
  }

  *#offsets(): Iterable<PartitionOffset> {
    for (const { id, cleanedTo } of this.#host.partitions())
      if (cleanedTo !== undefined)
        yield { topic: id.topic, partition: id.partition, offset: cleanedTo }
  }
}

const workerModule = (): URL => {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  return new URL(`./cleaner.worker.${extension}`, import.meta.url)
}

const ask = <Answer>(thread: Thread, question: CleaningQuestion): Promise<Answer> =>
  thread.ask(question) as Promise<Answer>

const plain = ({ baseOffset, size }: PlannedSegment) => ({ baseOffset, size })

const isCleanable = (partition: Partition): boolean =>
  partition.config.compacted &&
  partition.hasFolder &&
  !partition.uncleanable &&
  !partition.damage &&
  !partition.spoiled &&
  !partition.dropped &&
  !partition.offline &&
  !partition.refusing

/** An index has an entry for more than so many bytes, and at most one for a batch. */
const indexSizeMax = (size: number, intervalBytes: number): number =>
  Math.ceil(size / Math.max(intervalBytes, batchHeaderSize)) * offsetEntrySize

/** Up to here segments are closed, synced and below what a start takes for granted (D3). */
const safeEnd = ({ segments, recoveryPoint }: Partition): number => {
  const firstUnsafe = segments.find(
    ({ sealed }, index) => !sealed || (segments[index + 1]?.baseOffset ?? Infinity) > recoveryPoint,
  )
  return firstUnsafe?.baseOffset ?? 0
}
