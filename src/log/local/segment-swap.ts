// The moment when a cleaned segment takes the place of old ones: in memory between two turns of the event
// loop, on disk step by step (`swap-files.ts`).
import type { Clock, Disk, Logger, Timer } from '#world'
import { AbortedSpans } from '../aborted-spans.ts'
import { partitionName } from './checkpoint-files.ts'
import type { FileLeases } from './file-leases.ts'
import type { Partition } from './partition.ts'
import { Segment } from './segment.ts'
import {
  cleanedEnding,
  decideSwap,
  finishSwap,
  removeOld,
  setOldAside,
  swapEnding,
  undoCleaning,
} from './swap-files.ts'

export class SegmentSwap {
  readonly #disk: Disk
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #leases: FileLeases
  readonly #removals = new Set<Timer>()

  constructor(disk: Disk, clock: Clock, logger: Logger, leases: FileLeases) {
    this.#disk = disk
    this.#clock = clock
    this.#logger = logger
    this.#leases = leases
  }

  /**
   * Swaps in the `.cleaned` segment of `size` bytes that was made from `old`. Rejects when it did not take
   * effect. When it stops halfway the partition goes offline: the next start completes it.
   */
  async run(partition: Partition, old: readonly Segment[], size: number): Promise<void> {
    const { folder } = partition
    const { baseOffset } = old[0]!
    const cleaned = new Segment(folder, baseOffset, size, cleanedEnding)
    cleaned.sealed = true
    cleaned.aborted = undefined
    try {
      await cleaned.largestTime(this.#disk)
      // Retention goes by this time where no record has one, and a cleaning makes none younger.
      const modifiedMs = await this.#disk.modifiedMs(old.at(-1)!.path)
      await this.#disk.setModifiedMs(cleaned.path, modifiedMs)
      await cleaned.loadAborted(this.#disk)
      cleaned.aborted ??= new AbortedSpans()
      await decideSwap(this.#disk, folder, baseOffset)
    } catch (error) {
      await undoCleaning(this.#disk, folder, baseOffset).catch(() => this.#giveUp(partition, error))
      throw error
    }
    try {
      await this.#complete(partition, old, cleaned)
    } catch (error) {
      this.#giveUp(partition, error)
      throw error
    }
    this.#removeLater(partition, old)
  }

  /** What was set aside is left to the next start. */
  close(): void {
    for (const timer of this.#removals) timer.cancel()
  }

  async #complete(partition: Partition, old: readonly Segment[], cleaned: Segment): Promise<void> {
    const { folder } = partition
    const { baseOffset } = cleaned
    cleaned.moved(swapEnding)
    const swapPath = cleaned.path
    // Readers keep this file open while it gets another name.
    await this.#leases.use(swapPath, 'write', async () => this.#leases.pin(swapPath))
    partition.replace(old, cleaned)
    await partition.operations.readsOver()
    for (const { path } of old) await this.#leases.release(path)
    const offsets = old.map((segment) => segment.baseOffset)
    await setOldAside(this.#disk, folder, baseOffset, offsets)
    await finishSwap(this.#disk, folder, baseOffset)
    cleaned.moved('')
    this.#leases.renamed(swapPath, cleaned.path)
    this.#leases.unpin(cleaned.path)
  }

  #giveUp(partition: Partition, error: unknown): void {
    this.#logger.error('a swap of segments stopped halfway; the next start completes it', {
      partition: partitionName(partition.id.topic, partition.id.partition),
      error: String(error),
    })
    if (!partition.dropped) partition.goOffline()
  }

  #removeLater(partition: Partition, old: readonly Segment[]): void {
    const offsets = old.map(({ baseOffset }) => baseOffset)
    const timer = this.#clock.after(partition.config.fileDeleteDelayMs, () => {
      this.#removals.delete(timer)
      if (partition.dropped) return
      partition.operations
        .run(() => removeOld(this.#disk, partition.folder, offsets))
        .catch((error: unknown) =>
          this.#logger.warn('files that compaction has replaced could not be removed', {
            folder: partition.folder,
            error: String(error),
          }),
        )
    })
    this.#removals.add(timer)
  }
}
