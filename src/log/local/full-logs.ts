// Partitions whose disk had no room for a write: they refuse appends, and are opened again when there is some.
import type { Clock, Disk, DiskError, Logger } from '#world'
import { fullDiskRetryMs, roomBytesMin } from '../limits.ts'
import { partitionName } from './checkpoint-files.ts'
import type { FileLeases } from './file-leases.ts'
import type { Partition } from './partition.ts'
import type { RecoveredLog } from './recovery.ts'

/** What it asks of the engine. */
export interface FullLogsHost {
  /** Opens the log of a partition from its files, as a start does. */
  openAgain(partition: Partition): Promise<RecoveredLog>
  /** Appends are taken again, and readers have to look anew. */
  opened(partition: Partition): void
}

export class FullLogs {
  readonly #disk: Disk
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #leases: FileLeases
  readonly #folder: string
  readonly #host: FullLogsHost
  #stopped = false

  /** `folder` is the data folder, whose disk it is. */
  constructor(
    disk: Disk,
    clock: Clock,
    logger: Logger,
    leases: FileLeases,
    folder: string,
    host: FullLogsHost,
  ) {
    this.#disk = disk
    this.#clock = clock
    this.#logger = logger
    this.#leases = leases
    this.#folder = folder
    this.#host = host
  }

  /** What was not written is refused. */
  refuse(partition: Partition, error: DiskError): void {
    this.#logger.error('there is no room to write: appends are refused until there is some', {
      partition: partitionName(partition.id.topic, partition.id.partition),
      error: error.message,
    })
    partition.refuse()
    if (partition.config.flush === 'disk')
      for (const [{ path }, end] of partition.forgetKept()) this.#leases.peek(path)?.forget(end)
    this.#retryLater(partition, error)
  }

  stop(): void {
    this.#stopped = true
  }

  #retryLater(partition: Partition, error: DiskError): void {
    this.#clock.after(fullDiskRetryMs, () => void this.#retry(partition, error))
  }

  async #retry(partition: Partition, error: DiskError): Promise<void> {
    if (this.#stopped || partition.dropped) return
    try {
      // To open a log again that fills the disk at once would only cost a scan each time.
      if ((await this.#disk.freeBytes(this.#folder)) < roomBytesMin) throw error
      const open = (): Promise<RecoveredLog> => {
        for (const { path } of partition.segments) this.#leases.peek(path)?.flush()
        return this.#host.openAgain(partition)
      }
      partition.adopt(await partition.operations.run(() => partition.reshaping.run(open)))
      this.#host.opened(partition)
    } catch (reason) {
      this.#logger.warn('the log could not be opened again yet', { error: String(reason) })
      this.#retryLater(partition, error)
    }
  }
}
