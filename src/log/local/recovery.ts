// Opening a partition's folder. After a clean stop nothing is scanned. Otherwise every segment from the
// recovery point's on is walked batch by batch: checksums are checked, indexes, epochs and producer
// states made anew, and a torn tail is cut. What lies past the recovery point is written once more
// before it is synced: a sync that failed before the crash has marked its pages clean without writing
// them, and would do so again (D5).
//
// A bad batch with a valid one behind it is no torn tail: nothing is cut, and the log ends there (D9).
import {
  attributesOf,
  baseOffsetOf,
  baseSequenceOf,
  codecOf,
  lastOffsetOf,
  leaderEpochOf,
  maxTimestampOf,
  producerEpochOf,
  producerIdOf,
  recordCountOf,
} from '#records'
import type { Disk, DiskFile, Logger } from '#world'
import { Epochs } from '../epochs.ts'
import { scanWindowSize } from '../limits.ts'
import { ProducerStates } from '../producer-states.ts'
import { hasBatchAfter, type ScannedBatch, scanBatches } from './batch-scan.ts'
import { readEpochs } from './checkpoint-files.ts'
import { readSnapshot, snapshotOffsets } from './producer-snapshot.ts'
import { Segment } from './segment.ts'

/** How a partition is to be opened. */
export interface RecoveryOptions {
  folder: string
  /** Everything before this offset is on disk; after a clean stop it is the log's end. */
  recoveryPoint: number
  logStart: number
  clean: boolean
  indexIntervalBytes: number
  producersMax: number
  nowMs: number
}

/** A partition's log as it was found. */
export interface RecoveredLog {
  segments: Segment[]
  epochs: Epochs
  producers: ProducerStates
  logStart: number
  end: number
  /** The log goes on behind its end, but what stands there is damaged. */
  damaged: boolean
  /** Offsets of the producer snapshots there are. */
  snapshots: number[]
}

/** Opens what a folder holds; rejects with a `DiskError`. */
export const recoverLog = async (
  disk: Disk,
  logger: Logger,
  options: RecoveryOptions,
): Promise<RecoveredLog> => {
  const names = await disk.list(options.folder)
  const recovery = new Recovery(disk, logger, options, names)
  return (await recovery.trustCleanStop()) ?? recovery.scan()
}

class Recovery {
  readonly #disk: Disk
  readonly #logger: Logger
  readonly #options: RecoveryOptions
  readonly #bases: number[]
  readonly #snapshots: number[]

  constructor(disk: Disk, logger: Logger, options: RecoveryOptions, names: readonly string[]) {
    this.#disk = disk
    this.#logger = logger
    this.#options = options
    this.#bases = names
      .flatMap((name) => /^(\d{20})\.log$/.exec(name)?.[1] ?? [])
      .map(Number)
      .sort((a, b) => a - b)
    this.#snapshots = snapshotOffsets(names)
  }

  /** The log as a clean stop left it; undefined when something is missing after all. */
  async trustCleanStop(): Promise<RecoveredLog | undefined> {
    const { clean, folder, recoveryPoint, producersMax } = this.#options
    if (!clean) return undefined
    const segments = await this.#segments()
    const active = segments.at(-1)
    if (!active) return undefined
    for (const segment of segments.slice(0, -1)) segment.sealed = true
    const epochs = await readEpochs(this.#disk, folder)
    const producers = await readSnapshot(this.#disk, folder, recoveryPoint, producersMax)
    if (!epochs || !producers || !(await active.loadIndexes(this.#disk))) return undefined
    return this.#log(segments, new Epochs(epochs), producers, recoveryPoint, false)
  }

  async scan(): Promise<RecoveredLog> {
    const { folder, logStart } = this.#options
    const segments = await this.#segments()
    const { first, producers } = await this.#startingPoint(segments)
    const epochs = new Epochs((await readEpochs(this.#disk, folder)) ?? [])
    epochs.cut(segments[first]?.baseOffset ?? 0)
    let end = segments[first]?.baseOffset ?? Math.max(logStart, 0)
    let damaged = false
    for (let index = first; index < segments.length && !damaged; index += 1) {
      const segment = segments[index]!
      const isLast = index === segments.length - 1
      const found = await this.#scanSegment(segment, end, isLast, epochs, producers)
      end = Math.max(end, found.end)
      damaged = found.damaged
      if (damaged) segments.length = index + 1
      if (isLast || damaged) continue
      await segment.writeIndexes(this.#disk)
      segment.thinIndexes()
      segment.sealed = true
    }
    return this.#log(segments, epochs, producers, end, damaged)
  }

  async #segments(): Promise<Segment[]> {
    const segments: Segment[] = []
    for (const base of this.#bases) {
      const segment = new Segment(this.#options.folder, base, 0)
      const file = await this.#disk.open(segment.path, 'write')
      const size = await file.size().finally(() => file.close())
      segment.size = segment.writtenSize = segment.syncedSize = size
      segment.folderSynced = true
      segments.push(segment)
    }
    return segments
  }

  /**
   * The first segment to scan: the one that holds the recovery point, or an earlier one when that is
   * where the newest usable producer snapshot is.
   */
  async #startingPoint(
    segments: readonly Segment[],
  ): Promise<{ first: number; producers: ProducerStates }> {
    const { folder, recoveryPoint, producersMax } = this.#options
    let first = Math.max(
      0,
      segments.findLastIndex(({ baseOffset }) => baseOffset <= recoveryPoint),
    )
    for (; first > 0; first -= 1) {
      const { baseOffset } = segments[first]!
      const producers = await readSnapshot(this.#disk, folder, baseOffset, producersMax)
      if (producers) return { first, producers }
    }
    return { first, producers: new ProducerStates(producersMax) }
  }

  async #scanSegment(
    segment: Segment,
    nextOffset: number,
    isLast: boolean,
    epochs: Epochs,
    producers: ProducerStates,
  ): Promise<{ end: number; damaged: boolean }> {
    const { indexIntervalBytes, nowMs, recoveryPoint } = this.#options
    segment.startIndexes()
    let end = nextOffset
    let syncedPosition = 0
    const file = await this.#disk.open(segment.path, 'write')
    try {
      const visit = ({ bytes, start, end: stop, position }: ScannedBatch): boolean => {
        const lastOffset = lastOffsetOf(bytes, start)
        const maxTimestampMs = maxTimestampOf(bytes, start)
        segment.add(
          { position, size: stop - start, lastOffset, maxTimestampMs },
          indexIntervalBytes,
        )
        epochs.begin(leaderEpochOf(bytes, start), baseOffsetOf(bytes, start))
        rememberProducer(producers, bytes, start, nowMs)
        end = lastOffset + 1
        if (end <= recoveryPoint) syncedPosition = position + stop - start
        return true
      }
      const rules = { checksums: true, nextOffset }
      const stopped = await scanBatches(file, 0, segment.size, rules, visit)
      const damaged =
        stopped.invalid && (await this.#isDamage(file, segment, stopped.position, end, isLast))
      if (damaged) this.#reportDamage(segment, stopped.position)
      else if (stopped.position < segment.size) await this.#cut(file, segment, stopped.position)
      if (!damaged) await this.#writeAgain(file, syncedPosition, stopped.position)
      segment.size = segment.writtenSize = segment.syncedSize = stopped.position
      return { end, damaged }
    } finally {
      await file.close()
    }
  }

  /** What is not the last segment was whole when the next one began. */
  async #isDamage(
    file: DiskFile,
    segment: Segment,
    position: number,
    nextOffset: number,
    isLast: boolean,
  ): Promise<boolean> {
    return !isLast || (await hasBatchAfter(file, position, segment.size, nextOffset))
  }

  #reportDamage(segment: Segment, position: number): void {
    this.#logger.error(
      'a batch in the middle of a log is damaged: the partition serves what is before it',
      { file: segment.path, position },
    )
  }

  async #cut(file: DiskFile, segment: Segment, position: number): Promise<void> {
    this.#logger.warn('cut a torn tail that no acknowledgement covered', {
      file: segment.path,
      position,
      bytes: segment.size - position,
    })
    await file.truncate(position)
  }

  async #writeAgain(file: DiskFile, from: number, end: number): Promise<void> {
    for (let position = from; position < end; position += scanWindowSize) {
      const piece = Buffer.allocUnsafeSlow(Math.min(scanWindowSize, end - position))
      await file.read(piece, position)
      await file.write([piece], position)
    }
    await file.sync()
  }

  #log(
    segments: Segment[],
    epochs: Epochs,
    producers: ProducerStates,
    end: number,
    damaged: boolean,
  ): RecoveredLog {
    const logStart = Math.max(this.#options.logStart, segments[0]?.baseOffset ?? 0)
    return { segments, epochs, producers, logStart, end, damaged, snapshots: this.#snapshots }
  }
}

const rememberProducer = (
  producers: ProducerStates,
  bytes: Buffer,
  start: number,
  nowMs: number,
): void => {
  const producerId = producerIdOf(bytes, start)
  const baseSequence = baseSequenceOf(bytes, start)
  if (producerId < 0 || baseSequence < 0) return
  producers.add(
    {
      count: recordCountOf(bytes, start),
      codec: codecOf(attributesOf(bytes, start)),
      maxTimestampMs: maxTimestampOf(bytes, start),
      producerId,
      producerEpoch: producerEpochOf(bytes, start),
      baseSequence,
    },
    baseOffsetOf(bytes, start),
    nowMs,
  )
}
