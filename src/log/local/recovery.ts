// Opening a partition's folder. After a clean stop nothing is scanned. Otherwise every segment from the
// recovery point's on is walked batch by batch: checksums are checked, indexes, epochs and producer
// states made anew, and a torn tail is cut. What lies past the recovery point is written once more
// before it is synced: a sync that failed before the crash has marked its pages clean without writing
// them, and would do so again (D5).
//
// A bad batch below the recovery point, or after a crash of the process alone with a valid one behind it,
// is no torn tail: nothing is cut, and the log ends there (D9).
import {
  baseOffsetOf,
  batchHeaderSize,
  batchSizeOf,
  lastOffsetOf,
  leaderEpochOf,
  magicOf,
  maxTimestampOf,
} from '#records'
import type { Disk, DiskFile, Logger } from '#world'
import { AbortedSpans } from '../aborted-spans.ts'
import { Epochs } from '../epochs.ts'
import { scanWindowSize } from '../limits.ts'
import { ProducerStates } from '../producer-states.ts'
import { hasBatchAfter, newestRecordMs, type ScannedBatch, scanBatches } from './batch-scan.ts'
import { readEpochs } from './checkpoint-files.ts'
import type { LoggedPiece } from './commit-log.ts'
import type { CleanStop } from './data-folder.ts'
import { replayBatch } from './producer-replay.ts'
import { readSnapshot, snapshotOffsets } from './producer-snapshot.ts'
import { Segment, segmentName } from './segment.ts'
import { finishSwaps } from './swap-recovery.ts'

/** How a partition is to be opened. */
export interface RecoveryOptions {
  folder: string
  /** Everything before this offset is on disk; after a clean stop it is the log's end. */
  recoveryPoint: number
  logStart: number
  /** Where the last cleaning of a compacted log ended. */
  cleanedTo?: number | undefined
  /** The machine has started anew since: what was not synced may be gone, in any order. */
  powerLost: boolean
  clean: boolean
  /** What a clean stop said of the partition. */
  cleanStop?: CleanStop | undefined
  /** What the commit log has of this partition, oldest first. */
  pieces?: readonly LoggedPiece[] | undefined
  indexIntervalBytes: number
  producersMax: number
  nowMs: number
}

/** Where a log stops being what was written: a byte of a file, or a folder that is gone. */
export interface Damage {
  file: string
  position: number
}

/** A partition's log as it was found. */
export interface RecoveredLog {
  segments: Segment[]
  epochs: Epochs
  producers: ProducerStates
  logStart: number
  end: number
  /** The log goes on behind its end, but what stands there is damaged. */
  damage: Damage | undefined
  /** Offsets of the producer snapshots there are. */
  snapshots: number[]
  /** As a clean stop left it. */
  untouched: boolean
  /** What was once on disk ends here, as far as is known. */
  recoveryPoint: number
  cleanStop?: CleanStop | undefined
}

/** The log of a partition without a folder. */
export const emptyLog = (producersMax: number): RecoveredLog => ({
  segments: [],
  epochs: new Epochs(),
  producers: new ProducerStates(producersMax),
  logStart: 0,
  end: 0,
  damage: undefined,
  snapshots: [],
  untouched: false,
  recoveryPoint: 0,
})

/** Opens what a folder holds; rejects with a `DiskError`. */
export const recoverLog = async (
  disk: Disk,
  logger: Logger,
  options: RecoveryOptions,
): Promise<RecoveredLog> => {
  const names = await finishSwaps(disk, logger, options.folder)
  const recovery = new Recovery(disk, logger, options, names)
  return (await recovery.trustCleanStop()) ?? recovery.scan()
}

class Recovery {
  readonly #disk: Disk
  readonly #logger: Logger
  readonly #options: RecoveryOptions
  readonly #bases: number[]
  readonly #snapshots: number[]
  readonly #names: ReadonlySet<string>

  constructor(disk: Disk, logger: Logger, options: RecoveryOptions, names: readonly string[]) {
    this.#disk = disk
    this.#logger = logger
    this.#options = options
    this.#names = new Set(names)
    this.#bases = names
      .flatMap((name) => /^(\d{20})\.log$/.exec(name)?.[1] ?? [])
      .map(Number)
      .filter(Number.isSafeInteger)
      .sort((a, b) => a - b)
    this.#snapshots = snapshotOffsets(names)
  }

  /** The log as a clean stop left it; undefined when something is missing after all. */
  async trustCleanStop(): Promise<RecoveredLog | undefined> {
    const { clean, folder, recoveryPoint, producersMax, cleanStop } = this.#options
    if (!clean || !cleanStop) return undefined
    this.#reportMissing(cleanStop)
    const segments = await this.#segments()
    const active = segments.at(-1)
    if (!active) return undefined
    for (const segment of segments.slice(0, -1)) segment.sealed = true
    const epochs = await readEpochs(this.#disk, folder)
    const producers = await readSnapshot(this.#disk, folder, recoveryPoint, producersMax)
    if (!epochs || !producers || !(await active.loadIndexes(this.#disk, cleanStop.indexes)))
      return undefined
    if ((await this.#endOf(active)) !== recoveryPoint) return undefined
    const log = this.#log(segments, new Epochs(epochs), producers, recoveryPoint, undefined)
    return { ...log, untouched: true, cleanStop }
  }

  /** The offset that a segment ends at, by the headers behind its last index entry; -1 if none does. */
  async #endOf(segment: Segment): Promise<number> {
    let end = segment.baseOffset
    const file = await this.#disk.open(segment.path, 'write')
    try {
      const rules = { checksums: false, nextOffset: segment.baseOffset }
      const first = await scanBatches(file, 0, segment.size, rules, ({ bytes, start }) => {
        segment.firstTimestampMs = maxTimestampOf(bytes, start)
        return false
      })
      const from = segment.lastIndexedPosition
      const last = await scanBatches(file, from, segment.size, rules, ({ bytes, start }) => {
        end = lastOffsetOf(bytes, start) + 1
        return true
      })
      return first.invalid || last.invalid ? -1 : end
    } finally {
      await file.close()
    }
  }

  async scan(): Promise<RecoveredLog> {
    const { folder, logStart, recoveryPoint, cleanedTo } = this.#options
    const segments = await this.#segments()
    await this.#replay(segments)
    if (this.#beginsTooLate(segments)) await this.#remove(segments.splice(0))
    const { first, producers, snapshot } = await this.#startingPoint(segments)
    const epochs = new Epochs((await readEpochs(this.#disk, folder)) ?? [])
    epochs.cut(segments[first]?.baseOffset ?? 0)
    for (const segment of segments.slice(0, first)) segment.sealed = true
    let end = segments[first]?.baseOffset ?? Math.max(logStart, 0)
    let damage: Damage | undefined
    for (let index = first; index < segments.length && !damage; index += 1) {
      const segment = segments[index]!
      const later = segments.slice(index + 1)
      const known = await this.#abortedBefore(segment, snapshot)
      const found = await this.#scanSegment(
        segment,
        end,
        later,
        known,
        ({ bytes, start, end: stop }) => {
          epochs.begin(leaderEpochOf(bytes, start), baseOffsetOf(bytes, start))
          if (baseOffsetOf(bytes, start) < snapshot) return
          const span = replayBatch(producers, bytes, start, stop, this.#options.nowMs)
          if (span) segment.aborted!.add(span)
        },
      )
      damage = found.damage
      if (damage || found.cut) segments.length = index + 1
      if (found.cut) await this.#remove(later)
      end = Math.max(end, found.end, segment.baseOffset)
      if (segment === segments.at(-1)) continue
      await segment.writeIndexes(this.#disk)
      segment.thinIndexes()
      segment.sealed = true
    }
    if (end < logStart && !damage) {
      await this.#startOver(segments)
      epochs.cut(0)
      end = logStart
    }
    // The last records before an end that a cleaning reached may be gone for good reason.
    if (!damage) end = Math.max(end, Math.min(cleanedTo ?? 0, recoveryPoint))
    if (end < recoveryPoint && !damage) {
      const last = segments.at(-1)
      damage = { file: last?.path ?? folder, position: last?.size ?? 0 }
      this.#logger.error(
        'a log ends before what was once on disk: the partition takes no more records',
        {
          folder,
          end,
          recoveryPoint,
        },
      )
    }
    // What was written, now or before, may be in files whose names are not on disk yet.
    await this.#disk.syncFolder(folder)
    return this.#log(segments, epochs, producers, end, damage)
  }

  /** Writes what the commit log has into the segments; they are synced when the scan is over. */
  async #replay(segments: readonly Segment[]): Promise<void> {
    const { pieces = [], recoveryPoint } = this.#options
    for (const { baseOffset, position, bytes } of pieces) {
      const segment = segments.find((each) => each.baseOffset === baseOffset)
      // What is below the recovery point was synced, and may have been cleaned or deleted since.
      if (!segment || endOfBatches(bytes) <= recoveryPoint) continue
      const file = await this.#disk.open(segment.path, 'write')
      await file.write([bytes], position).finally(() => file.close())
      segment.size = Math.max(segment.size, position + bytes.length)
    }
  }

  async #segments(): Promise<Segment[]> {
    const segments: Segment[] = []
    for (const base of this.#bases) {
      const segment = new Segment(this.#options.folder, base, 0, '', this.#options.nowMs)
      const file = await this.#disk.open(segment.path, 'write')
      const size = await file.size().finally(() => file.close())
      segment.size = segment.writtenSize = segment.syncedSize = size
      segment.folderSynced = true
      if (this.#names.has(`${segmentName(base)}.txnindex`)) segment.foundTransactionIndex()
      segments.push(segment)
    }
    return segments
  }

  /**
   * The newest producer snapshot that the recovery point covers, and the segment to scan from, which is
   * the one that holds the snapshot's offset: producers are made anew from there on.
   */
  async #startingPoint(
    segments: readonly Segment[],
  ): Promise<{ first: number; producers: ProducerStates; snapshot: number }> {
    const { folder, recoveryPoint, producersMax } = this.#options
    for (const snapshot of this.#snapshots.toReversed()) {
      if (snapshot > recoveryPoint) continue
      const producers = await readSnapshot(this.#disk, folder, snapshot, producersMax)
      const first = segments.findLastIndex(({ baseOffset }) => baseOffset <= snapshot)
      // Retention may have left no segment at all, and producers are known all the same.
      const isUsable =
        first >= 0 ? await this.#knowsAborted(segments[first]!, snapshot) : segments.length === 0
      if (producers && isUsable) return { first: Math.max(0, first), producers, snapshot }
    }
    return { first: 0, producers: new ProducerStates(producersMax), snapshot: 0 }
  }

  /**
   * Whether the transactions that were aborted before a snapshot are known of the segment that it lies in:
   * the batches before it are not enough to make them anew.
   */
  async #knowsAborted(segment: Segment, snapshot: number): Promise<boolean> {
    if (segment.baseOffset >= snapshot) return true
    // Without a file there were none, unless the last stop knew better.
    if (segment.aborted) return this.#options.cleanStop?.indexes[2] === undefined
    return (await segment.loadAborted(this.#disk)) !== undefined
  }

  /** What the segment's file says of the transactions that were aborted before a snapshot. */
  async #abortedBefore(segment: Segment, snapshot: number): Promise<AbortedSpans> {
    if (segment.baseOffset >= snapshot) return new AbortedSpans()
    const known = segment.aborted ?? (await segment.loadAborted(this.#disk)) ?? []
    return new AbortedSpans([...known].filter(({ lastOffset }) => lastOffset < snapshot))
  }

  async #scanSegment(
    segment: Segment,
    nextOffset: number,
    later: readonly Segment[],
    aborted: AbortedSpans,
    note: (batch: ScannedBatch) => void,
  ): Promise<{ end: number; damage: Damage | undefined; cut: boolean }> {
    const { indexIntervalBytes, recoveryPoint } = this.#options
    segment.startIndexes()
    segment.aborted = aborted
    let end = nextOffset
    let syncedPosition = 0
    const file = await this.#disk.open(segment.path, 'write')
    try {
      const visit = (batch: ScannedBatch): boolean => {
        const { bytes, start, end: stop, position } = batch
        const lastOffset = lastOffsetOf(bytes, start)
        const maxTimestampMs = newestRecordMs(bytes, start)
        segment.add(
          { position, size: stop - start, lastOffset, maxTimestampMs },
          indexIntervalBytes,
        )
        note(batch)
        end = lastOffset + 1
        if (end <= recoveryPoint) syncedPosition = position + stop - start
        return true
      }
      const rules = { checksums: true, nextOffset }
      const stopped = await scanBatches(file, 0, segment.size, rules, visit)
      const { position } = stopped
      const goesOn = end < recoveryPoint || (await this.#goesOn(later, end, stopped.invalid))
      const damaged =
        stopped.invalid && (goesOn || (await this.#isDamage(file, segment, position, end)))
      if (damaged) this.#reportDamage(segment, position)
      else if (position < segment.size) await this.#cut(file, segment, position)
      await this.#writeAgain(file, syncedPosition, position)
      segment.size = segment.writtenSize = segment.syncedSize = position
      const damage = damaged ? { file: segment.path, position } : undefined
      return { end, damage, cut: !damaged && !goesOn && later.length > 0 }
    } finally {
      await file.close()
    }
  }

  /**
   * Whether a bad batch has a valid one behind it, and cannot have been torn: after a loss of power pages
   * that were never synced are there or not in any order. One that says to end behind the file was torn
   * while it was written: what lies behind its header belongs to it, batches in its records included.
   */
  async #isDamage(
    file: DiskFile,
    segment: Segment,
    position: number,
    end: number,
  ): Promise<boolean> {
    if (this.#options.powerLost) return false
    const header = Buffer.alloc(batchHeaderSize)
    const isTorn =
      (await file.read(header, position)) < batchHeaderSize ||
      (magicOf(header) === 2 &&
        baseOffsetOf(header) === end &&
        position + batchSizeOf(header) > segment.size)
    return !isTorn && hasBatchAfter(file, position, segment.size, end)
  }

  /**
   * Whether the later segments are part of the log. Those that a stop left just begun hold no valid batch;
   * after a loss of power such a one may, and still have lost what was before it.
   */
  async #goesOn(later: readonly Segment[], nextOffset: number, isTorn: boolean): Promise<boolean> {
    if (this.#options.powerLost) return !isTorn && later[0]?.baseOffset === nextOffset
    for (const { path, size } of later) {
      const file = await this.#disk.open(path, 'write')
      const found = await hasBatchAfter(file, -1, size, nextOffset).finally(() => file.close())
      if (found) return true
    }
    return false
  }

  /** After a loss of power a second file may be there whose first one is not. */
  #beginsTooLate([first]: readonly Segment[]): boolean {
    const { powerLost, logStart, recoveryPoint } = this.#options
    return powerLost && first !== undefined && first.baseOffset > Math.max(logStart, recoveryPoint)
  }

  async #remove(segments: readonly Segment[]): Promise<void> {
    for (const { path } of segments) await this.#disk.remove(path)
  }

  /** A crash took records from the log's end that lay before its start: nothing of it is left. */
  async #startOver(segments: Segment[]): Promise<void> {
    this.#logger.warn('a log ends before its start: it begins anew there', {
      folder: this.#options.folder,
      logStart: this.#options.logStart,
    })
    await this.#remove(segments.splice(0))
  }

  /** Files that were there at the clean stop: what is missing at the end is told as an end that is lost. */
  #reportMissing({ segments }: CleanStop): void {
    const newest = this.#bases.at(-1) ?? -1
    const missing = segments.filter((base) => base < newest && !this.#bases.includes(base))
    if (missing.length > 0)
      this.#logger.error('segments are gone since the last stop, and their records with them', {
        folder: this.#options.folder,
        baseOffsets: missing.join(' '),
      })
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
    // What was cut must not come back beside what is written there next.
    await file.sync()
  }

  async #writeAgain(file: DiskFile, from: number, end: number): Promise<void> {
    if (from >= end) return
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
    damage: Damage | undefined,
  ): RecoveredLog {
    const logStart = Math.max(this.#options.logStart, segments[0]?.baseOffset ?? 0)
    const { recoveryPoint } = this.#options
    const rest = { snapshots: this.#snapshots, untouched: false, recoveryPoint }
    return { segments, epochs, producers, logStart, end, damage, ...rest }
  }
}

/** The offset after the last record of some whole batches. */
const endOfBatches = (bytes: Buffer): number => {
  let end = -1
  for (let at = 0; at + batchHeaderSize <= bytes.length; at += batchSizeOf(bytes, at))
    end = lastOffsetOf(bytes, at) + 1
  return end
}
