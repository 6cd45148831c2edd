// Disks forget. A scrub reads all closed segments from time to time, slowly and beside the event loop, and
// checks every batch, so that damage is known before a reader meets it and while a copy may still be had
// (D9). From a bad batch on the partition answers KAFKA_STORAGE_ERROR; what is before it is served.
//
// Only sealed segments are read: nobody writes to them, and one that was replaced or deleted meanwhile
// is not judged by what was read.
import type { Clock, Disk, Logger, Thread, Threads, Timer } from '#world'
import { firstScrubMs } from '../limits.ts'
import { partitionName } from './checkpoint-files.ts'
import type { Partition } from './partition.ts'
import { removeSnapshot } from './producer-snapshot.ts'
import type { BadBatch, ScrubQuestion } from './scrub-job.ts'
import type { Segment } from './segment.ts'

/** How segments are read again to be checked. */
export interface ScrubSettings {
  /** Bytes read in a second; 0 for none. */
  bytesPerSecondMax: number
  /** How long after one scrub the next begins. Milliseconds. */
  intervalMs: number
}

export class Scrub {
  readonly #disk: Disk
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #threads: Threads
  readonly #partitions: () => Iterable<Partition>
  readonly #settings: ScrubSettings | undefined
  #timer: Timer | undefined
  #thread: Thread | undefined
  #running: Promise<void> = Promise.resolve()
  #stopped = false

  constructor(
    disk: Disk,
    clock: Clock,
    logger: Logger,
    threads: Threads,
    partitions: () => Iterable<Partition>,
    settings: ScrubSettings | undefined,
  ) {
    this.#disk = disk
    this.#clock = clock
    this.#logger = logger
    this.#threads = threads
    this.#partitions = partitions
    this.#settings = settings
  }

  /** Scrubs from time to time until `stop`. */
  start(): void {
    if (!this.#settings?.bytesPerSecondMax) return
    const { intervalMs } = this.#settings
    const later = (delayMs: number): void => {
      this.#timer = this.#clock.after(delayMs, () => {
        this.#running = this.#run().finally(() => {
          if (!this.#stopped) later(intervalMs)
        })
      })
    }
    later(Math.min(intervalMs, firstScrubMs))
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#timer?.cancel()
    await this.#thread?.end()
    await this.#running
  }

  async #run(): Promise<void> {
    for (const partition of [...this.#partitions()])
      for (const segment of [...partition.segments])
        if (!this.#stopped && isScrubbed(partition, segment)) await this.#check(partition, segment)
    const thread = this.#thread
    this.#thread = undefined
    await thread?.end()
  }

  async #check(partition: Partition, segment: Segment): Promise<void> {
    const { path, baseOffset, size } = segment
    const { bytesPerSecondMax } = this.#settings!
    this.#thread ??= this.#threads.start(workerModule())
    const question: ScrubQuestion = { path, baseOffset, size, bytesPerSecondMax }
    try {
      const bad = (await this.#thread.ask(question)) as BadBatch | undefined
      if (bad && isScrubbed(partition, segment)) await this.#spoil(partition, segment, bad)
    } catch (error) {
      // It was deleted or replaced meanwhile, or this was stopped.
      if (this.#stopped || !isScrubbed(partition, segment)) return
      this.#logger.error('a closed segment could not be read to be checked', {
        file: path,
        error: String(error),
      })
    }
  }

  /**
   * Without its snapshots the next start scans the partition from its beginning, and so finds the damage
   * again before it takes records.
   */
  async #spoil(partition: Partition, segment: Segment, { position, offset }: BadBatch) {
    const { id, folder, logStart } = partition
    partition.spoil({ offset: Math.max(offset, logStart), segment, position })
    this.#logger.error(
      'a batch of a closed segment is damaged: the partition serves what is before it',
      { partition: partitionName(id.topic, id.partition), file: segment.path, position, offset },
    )
    const snapshots = partition.snapshots.splice(0)
    await partition.operations.run(async () => {
      for (const snapshot of snapshots) await removeSnapshot(this.#disk, folder, snapshot)
    })
  }
}

const isScrubbed = (partition: Partition, segment: Segment): boolean =>
  !partition.dropped &&
  !partition.offline &&
  !partition.refusing &&
  !partition.damage &&
  !partition.spoiled &&
  segment.sealed &&
  partition.segments.includes(segment)

const workerModule = (): URL => {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  return new URL(`./scrub.worker.${extension}`, import.meta.url)
}
