// The data folder as a whole: which partition folders are there at a start, and how they go away.
import { join } from 'node:path'
import { uuidToBytes } from '#model'
import { type Clock, type Disk, DiskError, type Logger } from '#world'
import type { OpenPartition } from '../engine.ts'
import { folderNameSizeMax, opensMax } from '../limits.ts'
import { type PartitionOffset, partitionName, readTopicId } from './checkpoint-files.ts'
import { OffsetFile } from './offset-file.ts'
import { type IndexChecksums, replaceAid, replaceFile } from './segment.ts'
import { Turnstile } from './turnstile.ts'

export const cleanStopName = '.kafka_cleanshutdown'
export const recoveryPointsName = 'recovery-point-offset-checkpoint'
export const logStartsName = 'log-start-offset-checkpoint'
const bootIdName = 'boot-id'
export const cleanStopsName = 'clean-stop.json'
const cleanedName = 'cleaner-offset-checkpoint'
const deletedEnding = /-delete$/
const setAside = /-stray$/
const partitionFolderName = /^.+-\d+$/

/** What the checkpoints say of partitions, by folder name. */
export interface PartitionCheckpoints {
  /** Where records once were on disk up to. */
  recoveryPoints: ReadonlyMap<string, number>
  logStarts: ReadonlyMap<string, number>
  /** Where cleanings ended. */
  cleaned: ReadonlyMap<string, number>
}

/** What the last run left. */
export interface LeftBehind extends PartitionCheckpoints {
  clean: boolean
  /** The machine has started anew since, as far as is known. */
  powerLost: boolean
  /** What a clean stop said of each partition, by folder name. */
  cleanStops: ReadonlyMap<string, CleanStop>
  /** The partition folders that belong to a partition that is opened. */
  present: ReadonlySet<string>
  /** Those that had records once and are not there any more. */
  missing: ReadonlySet<string>
}

/** What a clean stop says of a partition, for the start to hold against what is there. */
export interface CleanStop {
  /** Of the newest segment's index files. */
  indexes: IndexChecksums
  /** The base offsets of all segments with bytes. */
  segments: readonly number[]
}

/** A partition at a clean stop. */
interface Stopped {
  id: OpenPartition
  cleanStop: CleanStop | undefined
}

/** Reads those of a data folder whose broker does not run. */
export const readCheckpoints = async (
  disk: Disk,
  folder: string,
): Promise<PartitionCheckpoints> => ({
  recoveryPoints: await new OffsetFile(disk, folder, recoveryPointsName).read(),
  logStarts: await new OffsetFile(disk, folder, logStartsName).read(),
  cleaned: await new OffsetFile(disk, folder, cleanedName).read(),
})

/** Whether the broker that left these names in its data folder had come to its end in order. */
export const hasStoppedCleanly = (names: readonly string[]): boolean =>
  names.includes(cleanStopName)

/** Makes the next start look at everything, because files were changed since the last stop. */
export const forgetCleanStop = async (disk: Disk, folder: string): Promise<void> => {
  await disk.remove(join(folder, cleanStopName))
  await disk.syncFolder(folder)
}

/** A folder's name with an ending; of the longest topic names something has to go for it. */
const awayName = (name: string, ending: string): string => {
  const end = `${name.slice(name.lastIndexOf('-'))}${ending}`
  return `${name.slice(0, name.lastIndexOf('-')).slice(0, folderNameSizeMax - end.length)}${end}`
}

export class DataFolder {
  readonly path: string
  readonly #disk: Disk
  readonly #clock: Clock
  readonly #logger: Logger
  /** Folders that are being renamed out of the way, by name. */
  readonly #leaving = new Map<string, Promise<void>>()
  /** Folders that are renamed and will be removed. */
  readonly #removals = new Set<Promise<void>>()
  readonly #recoveryPoints: OffsetFile
  readonly #logStarts: OffsetFile
  readonly #cleaned: OffsetFile
  #sync: Promise<void> | undefined
  #setAsideCount = 0
  #closed = false

  constructor(disk: Disk, clock: Clock, logger: Logger, path: string) {
    this.#disk = disk
    this.#clock = clock
    this.#logger = logger
    this.path = path
    this.#recoveryPoints = new OffsetFile(disk, path, recoveryPointsName)
    this.#logStarts = new OffsetFile(disk, path, logStartsName)
    this.#cleaned = new OffsetFile(disk, path, cleanedName)
  }

  /**
   * Reads what the last run left and tidies up: folders that were being deleted go on being deleted,
   * and those that no partition claims are set aside, not served (D10).
   */
  async open(partitions: readonly OpenPartition[]): Promise<LeftBehind> {
    const names = new Set(await this.#disk.list(this.path))
    const clean = names.has(cleanStopName)
    const recoveryPoints = await this.#recoveryPoints.read()
    const logStarts = await this.#logStarts.read()
    const cleaned = await this.#cleaned.read()
    const present = new Set<string>()
    const claim = async ({ topic, partition, topicId }: OpenPartition): Promise<void> => {
      const name = partitionName(topic, partition)
      if (!names.delete(name)) return
      const found = await readTopicId(this.#disk, join(this.path, name))
      // Records were acknowledged only once the folder said whose it is, and for good: one that does not
      // say so holds none, unless the file was lost later.
      const wasSynced = (recoveryPoints.get(name) ?? 0) > 0
      if (found === topicId || (found === undefined && wasSynced)) present.add(name)
      else names.add(await this.#setAside(name))
    }
    const turnstile = new Turnstile(opensMax)
    await Promise.all(partitions.map((each) => turnstile.run(() => claim(each))))
    for (const name of names)
      if (partitionFolderName.test(name) && !setAside.test(name) && !deletedEnding.test(name))
        await this.#setAside(name)
    await this.#disk.remove(join(this.path, cleanStopName))
    await this.#disk.syncFolder(this.path)
    const missing = new Set<string>()
    for (const { topic, partition } of partitions) {
      const name = partitionName(topic, partition)
      const hadRecords = (recoveryPoints.get(name) ?? 0) > 0
      if (!hadRecords || present.has(name)) continue
      // An older topic's folder, set aside or on its way out, is what the checkpoint speaks of.
      if (![...names].some((other) => other.startsWith(`${name}.`))) missing.add(name)
    }
    const named = [recoveryPoints, logStarts, cleaned].flatMap((offsets) => [...offsets.keys()])
    const stale = named.filter((name) => !present.has(name) && !missing.has(name))
    await Promise.all(stale.map((name) => this.forget(name)))
    // Now that no checkpoint speaks of them any more.
    for (const name of names) if (deletedEnding.test(name)) this.#removeLater(name, 0)
    const cleanStops = clean ? await this.#readCleanStops() : new Map<string, CleanStop>()
    const powerLost = await this.#noteBoot()
    return {
      clean,
      powerLost,
      recoveryPoints,
      logStarts,
      cleaned,
      cleanStops,
      present,
      missing,
    }
  }

  /** Notes which run of the machine this is; true unless it is known to be the same as the last time. */
  async #noteBoot(): Promise<boolean> {
    const path = join(this.path, bootIdName)
    const bootId = await this.#disk.bootId()
    const last = await this.#readText(path)
    // Without a sync: what is lost with the power is not believed afterwards.
    if (bootId !== undefined && bootId !== last)
      await replaceAid(this.#disk, path, Buffer.from(bootId))
    return bootId === undefined || bootId !== last
  }

  async #readCleanStops(): Promise<Map<string, CleanStop>> {
    const text = (await this.#readText(join(this.path, cleanStopsName))) ?? ''
    try {
      return new Map(Object.entries(JSON.parse(text) as Record<string, CleanStop>))
    } catch (error) {
      if (error instanceof SyntaxError) return new Map()
      throw error
    }
  }

  async #readText(path: string): Promise<string | undefined> {
    try {
      return (await this.#disk.readFile(path)).toString()
    } catch (error) {
      if (error instanceof DiskError && error.kind === 'absent') return undefined
      throw error
    }
  }

  /** Makes the log starts durable; a partition that is not named begins where its first segment does. */
  writeLogStarts(starts: Iterable<PartitionOffset>): Promise<void> {
    return this.#logStarts.write(starts)
  }

  /** Writes where the cleanings of compacted logs ended. */
  writeCleaned(offsets: Iterable<PartitionOffset>): Promise<void> {
    return this.#cleaned.write(offsets)
  }

  writeRecoveryPoints(points: Iterable<PartitionOffset>): Promise<void> {
    return this.#recoveryPoints.write(points)
  }

  /** Says that everything is on disk and nothing needs to be scanned. */
  async markClean(partitions: Iterable<Stopped>): Promise<void> {
    const stops = Object.fromEntries(
      [...partitions].flatMap(({ id, cleanStop }) =>
        cleanStop ? [[partitionName(id.topic, id.partition), cleanStop]] : [],
      ),
    )
    const path = join(this.path, cleanStopsName)
    await replaceFile(this.#disk, path, Buffer.from(JSON.stringify(stops)))
    const file = await this.#disk.open(join(this.path, cleanStopName), 'create')
    try {
      await file.write([Buffer.from('{"version":0,"brokerEpoch":-1}')], 0)
      await file.sync()
    } finally {
      await file.close()
    }
    await this.#disk.syncFolder(this.path)
  }

  /** Renames a partition's folder out of the way once it is `idle`, and removes it after `delayMs`. */
  leave({ topic, partition, topicId }: OpenPartition, delayMs: number, idle: Promise<void>): void {
    const name = partitionName(topic, partition)
    const away = awayName(name, `.${uuidToBytes(topicId).toString('hex')}-delete`)
    // An earlier partition of this name goes first; otherwise this one would take its folder, or it a later one's.
    const before = this.#leaving.get(name)
    const leaving = Promise.all([idle, before]).then(() => this.#rename(name, away, delayMs))
    this.#leaving.set(name, leaving)
    leaving.then(
      () => {
        if (this.#leaving.get(name) === leaving) this.#leaving.delete(name)
      },
      // It stays in the way of the next partition of that name, which hears of it from `free`.
      (error: unknown) =>
        this.#logger.error('the folder of a deleted partition could not be renamed', {
          folder: name,
          error: String(error),
        }),
    )
  }

  /**
   * Resolves when nothing of an older partition goes by that name any more, neither a folder nor what the
   * checkpoints say of it; rejects when that cannot be had.
   */
  async free(name: string): Promise<void> {
    await this.#leaving.get(name)
    await this.forget(name)
  }

  /** Resolves when the checkpoints say nothing of that name. */
  async forget(name: string): Promise<void> {
    const files = [this.#recoveryPoints, this.#logStarts, this.#cleaned]
    await Promise.all(files.map((file) => file.forget(name)))
  }

  async close(): Promise<void> {
    this.#closed = true
    await Promise.allSettled(this.#leaving.values())
    await Promise.all(this.#removals)
  }

  async #rename(name: string, away: string, delayMs: number): Promise<void> {
    try {
      await this.#disk.rename(join(this.path, name), join(this.path, away))
    } catch (error) {
      // A partition that never had a record has no folder.
      if (error instanceof DiskError && error.kind === 'absent') return
      throw error
    }
    await this.#syncSoon()
    // While the folder is there, a start knows what the checkpoints speak of; so they go first.
    await this.forget(name)
    this.#removeLater(away, delayMs)
  }

  /** The renames of one turn share a sync. */
  #syncSoon(): Promise<void> {
    this.#sync ??= new Promise((resolve, reject) =>
      this.#clock.endOfTurn(() => {
        this.#sync = undefined
        this.#disk.syncFolder(this.path).then(resolve, reject)
      }),
    )
    return this.#sync
  }

  async #setAside(name: string): Promise<string> {
    this.#setAsideCount += 1
    const away = awayName(name, `.${this.#clock.nowMs()}-${this.#setAsideCount}-stray`)
    await this.#disk.rename(join(this.path, name), join(this.path, away))
    this.#logger.warn('set a folder aside that belongs to no topic', { folder: name, now: away })
    return away
  }

  #removeLater(name: string, delayMs: number): void {
    this.#clock.after(delayMs, () => {
      if (this.#closed) return
      const removal = this.#disk
        .remove(join(this.path, name))
        .catch((error: unknown) => {
          this.#logger.error('a deleted folder could not be removed', {
            folder: name,
            error: String(error),
          })
        })
        .finally(() => this.#removals.delete(removal))
      this.#removals.add(removal)
    })
  }
}
