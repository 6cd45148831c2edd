// What spares the next start its work: closed segments get their index files, producer states their
// snapshots, and the recovery points say from where on a crash would have to scan.
import type { Clock, Disk, Logger, Timer } from '#world'
import { checkpointIntervalMs, opensMax, snapshotsKept } from '../limits.ts'
import { ProducerStates } from '../producer-states.ts'
import { writeEpochs } from './checkpoint-files.ts'
import type { DataFolder } from './data-folder.ts'
import type { Partition } from './partition.ts'
import { removeSnapshot, writeSnapshot } from './producer-snapshot.ts'
import type { SyncRounds } from './sync-rounds.ts'
import { Turnstile } from './turnstile.ts'

export class Checkpoints {
  readonly #disk: Disk
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #dataFolder: DataFolder
  readonly #rounds: SyncRounds
  readonly #partitions: () => Iterable<Partition>
  /** Snapshots are written one after the other, whatever asks for them. */
  #snapshots: Promise<void> = Promise.resolve()
  #timer: Timer | undefined
  #running: Promise<void> = Promise.resolve()

  constructor(
    disk: Disk,
    clock: Clock,
    logger: Logger,
    dataFolder: DataFolder,
    rounds: SyncRounds,
    partitions: () => Iterable<Partition>,
  ) {
    this.#disk = disk
    this.#clock = clock
    this.#logger = logger
    this.#dataFolder = dataFolder
    this.#rounds = rounds
    this.#partitions = partitions
  }

  /** Writes checkpoints from time to time until `finish`. */
  start(): void {
    this.#timer = this.#clock.after(checkpointIntervalMs, () => {
      this.write()
        .catch((error: unknown) => {
          this.#logger.warn('a checkpoint could not be written; a crash would scan more', {
            error: String(error),
          })
        })
        .finally(() => this.#timer && this.start())
    })
  }

  /**
   * Writes what a start after a crash goes by: of closed segments the indexes, of producers the snapshots
   * that are under way, of each partition the point from which on a scan would be needed.
   */
  write(): Promise<void> {
    // An earlier one that failed was reported to whoever asked for it.
    this.#running = this.#running.catch(() => undefined).then(() => this.#write())
    return this.#running
  }

  /**
   * Takes the producers as they are at a segment's beginning, and writes them in the background. A start
   * that finds this snapshot begins its scan there and believes the index files of what is before.
   */
  snapshot(partition: Partition): void {
    const offset = partition.end
    const states = copyOf(partition.producers)
    this.#snapshots = this.#snapshots
      .then(() => partition.operations.run(() => this.#sealAndSnapshot(partition, offset, states)))
      .catch((error: unknown) => {
        this.#logger.warn('a producer snapshot could not be written; a crash would scan more', {
          error: String(error),
        })
      })
  }

  /** The last checkpoint of a clean stop: after it nothing needs to be scanned. */
  async finish(): Promise<void> {
    this.#timer?.cancel()
    this.#timer = undefined
    await this.#running.catch(() => undefined)
    await this.#snapshots
    for (const partition of this.#partitions()) this.#rounds.note(partition, 0)
    await this.#rounds.finish()
    const turnstile = new Turnstile(opensMax)
    const sound = [...this.#partitions()].filter((each) => isSound(each) && each.hasFolder)
    await Promise.all(
      sound.map((partition) =>
        turnstile.run(async () => {
          // Meanwhile its topic may be deleted, whose folder keeps its name as long as this takes.
          if (partition.untouched || partition.dropped) return
          await partition.operations.run(() => this.#close(partition))
        }),
      ),
    )
    const damaged = [...this.#partitions()].filter((each) => each.damage)
    const served = sound.filter(({ dropped }) => !dropped)
    await this.#dataFolder.writeRecoveryPoints([
      ...served.map((partition) => ({ ...partition.id, offset: partition.end })),
      ...damaged.map((partition) => ({ ...partition.id, offset: partition.lostEnd })),
    ])
    // A start after a clean stop does not look into the commit log.
    if (!this.#rounds.leavesInLog) await this.#dataFolder.markClean(served)
  }

  async #write(): Promise<void> {
    for (const partition of this.#partitions())
      if (partition.config.flush === 'os') this.#rounds.note(partition, 0)
    this.#rounds.consider()
    await this.#snapshots
    const points = []
    for (const partition of [...this.#partitions()]) {
      if (partition.dropped) continue
      const offset = await partition.operations.run(() => this.#advance(partition))
      points.push({ partition, offset })
    }
    const served = points.filter(({ partition }) => !partition.dropped)
    await this.#dataFolder.writeRecoveryPoints(
      served.map(({ partition, offset }) => ({ ...partition.id, offset })),
    )
    for (const { partition, offset } of served) partition.recoveryPoint = offset
  }

  /** Writes what the partition's recovery point relies on, and returns that point. */
  async #advance(partition: Partition): Promise<number> {
    await this.#sealClosed(partition)
    const offset = recoveryPointOf(partition)
    await this.#writeEpochs(partition)
    if (partition.namesChanged) {
      partition.namesChanged = false
      await this.#disk.syncFolder(partition.folder)
    }
    return offset
  }

  async #writeEpochs(partition: Partition): Promise<void> {
    if (!partition.epochsChanged || !partition.hasFolder) return
    await writeEpochs(this.#disk, partition.folder, partition.epochs.starts)
    partition.epochsChanged = false
    partition.namesChanged = true
  }

  async #sealClosed(partition: Partition): Promise<void> {
    for (const segment of partition.segments.slice(0, -1)) {
      if (segment.sealed) continue
      await segment.writeIndexes(this.#disk)
      segment.thinIndexes()
      segment.sealed = true
      partition.namesChanged = true
    }
  }

  /**
   * The index files are synced: if the next append begins a new segment here, and the power goes before this
   * one is sealed, a start finds the snapshot at the new one's beginning and believes what is before.
   */
  async #close(partition: Partition): Promise<void> {
    await this.#sealClosed(partition)
    const indexes = await partition.active?.writeIndexes(this.#disk)
    const written = partition.segments.filter(({ size }) => size > 0)
    const segments = written.map(({ baseOffset }) => baseOffset)
    partition.cleanStop = indexes && { indexes, segments }
    await this.#writeEpochs(partition)
    // What a scan from the snapshot on could not make anew has to be there for certain, if the snapshot is.
    if (partition.active?.aborted?.count) await this.#disk.syncFolder(partition.folder)
    await this.#writeSnapshot(partition, partition.end, partition.producers, false)
    await this.#disk.syncFolder(partition.folder)
  }

  async #sealAndSnapshot(
    partition: Partition,
    offset: number,
    states: ProducerStates,
  ): Promise<void> {
    if (partition.dropped || !partition.hasFolder) return
    await this.#sealClosed(partition)
    await this.#disk.syncFolder(partition.folder)
    await this.#writeSnapshot(partition, offset, states, true)
  }

  async #writeSnapshot(
    partition: Partition,
    offset: number,
    states: ProducerStates,
    durable: boolean,
  ): Promise<void> {
    if (partition.dropped || !isSound(partition) || !partition.hasFolder) return
    await writeSnapshot(this.#disk, partition.folder, offset, states, durable)
    partition.namesChanged = true
    const known = partition.snapshots.filter((other) => other !== offset)
    const old = known.splice(0, Math.max(0, known.length - snapshotsKept + 1))
    for (const offsetOfOld of old) await removeSnapshot(this.#disk, partition.folder, offsetOfOld)
    partition.snapshots = [...known, offset]
  }
}

const isSound = ({ offline, refusing, damage, spoiled }: Partition): boolean =>
  !offline && !refusing && !damage && !spoiled

const copyOf = (states: ProducerStates): ProducerStates => {
  const copy = new ProducerStates(Number.POSITIVE_INFINITY)
  for (const entry of states.entries) copy.restore({ ...entry, batches: [...entry.batches] })
  return copy
}

/** Everything before this offset is synced, and its indexes are written where a scan would not go. */
const recoveryPointOf = ({ segments, filesEnd, damage, lostEnd }: Partition): number => {
  if (damage) return lostEnd
  const unsealed = segments.slice(0, -1).find(({ sealed }) => !sealed)
  return unsealed ? Math.min(unsealed.baseOffset, filesEnd) : filesEnd
}
