import { join } from 'node:path'
import type { Disk } from '#world'
import {
  type PartitionOffset,
  partitionName,
  readOffsets,
  writeOffsets,
} from './checkpoint-files.ts'

/**
 * A file of the data folder with an offset of each partition. It names partitions by folder, so what it
 * says of a deleted one must be gone before a new one of that name has records.
 */
export class OffsetFile {
  readonly #disk: Disk
  readonly #folder: string
  readonly #path: string
  /** What the file says, by the name of the partition's folder. */
  #entries = new Map<string, PartitionOffset>()
  #writing: Promise<void> = Promise.resolve()
  #waiting: Promise<void> | undefined

  constructor(disk: Disk, folder: string, name: string) {
    this.#disk = disk
    this.#folder = folder
    this.#path = join(folder, name)
  }

  /** Offsets by folder name; empty when the file is missing or not whole. */
  async read(): Promise<ReadonlyMap<string, number>> {
    const offsets = (await readOffsets(this.#disk, this.#path)) ?? new Map<string, number>()
    for (const [name, offset] of offsets) {
      const dash = name.lastIndexOf('-')
      const entry = { topic: name.slice(0, dash), partition: Number(name.slice(dash + 1)), offset }
      this.#entries.set(name, entry)
    }
    return offsets
  }

  /** Replaces what the file says, durably. */
  write(offsets: Iterable<PartitionOffset>): Promise<void> {
    this.#entries = new Map(
      [...offsets].map((entry) => [partitionName(entry.topic, entry.partition), entry]),
    )
    return this.#store()
  }

  /** Resolves when the file says nothing of that name. */
  async forget(name: string): Promise<void> {
    const entry = this.#entries.get(name)
    if (!entry) return this.#waiting ?? this.#writing
    this.#entries.delete(name)
    try {
      await this.#store()
    } catch (error) {
      this.#entries.set(name, entry)
      throw error
    }
  }

  /** Whoever comes while the file is being written shares the next writing. */
  #store(): Promise<void> {
    // A failed writing was heard of by those who waited for it.
    const before = this.#writing.catch(() => undefined)
    this.#waiting ??= before.then(() => {
      this.#waiting = undefined
      this.#writing = this.#write()
      return this.#writing
    })
    return this.#waiting
  }

  async #write(): Promise<void> {
    await writeOffsets(this.#disk, this.#path, this.#entries.values())
    await this.#disk.syncFolder(this.#folder)
  }
}
