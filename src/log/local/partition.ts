// One partition of the local engine: what it holds, what is written, what is on disk.
//
//     log start ── … ── durable end ── written end ── end
//                            │              │          └ given out, waiting to be written ("runs")
//                            │              └ in the page cache
//                            └ synced: the high watermark under `flush=disk`
//
// Everything that changes the three ends is synchronous; writing and syncing call back.
import { type ErrorName, type KafkaError, kafkaError } from '#model'
import { placeBatch } from '#records'
import type { Admitted } from '../admission.ts'
import type {
  AppendOptions,
  Bounds,
  LogConfig,
  OpenPartition,
  TransactionMarker,
} from '../engine.ts'
import type { Epochs } from '../epochs.ts'
import { abortedInSegmentMax, commitLogPieceSizeMax } from '../limits.ts'
import { markerBatch } from '../marker-batch.ts'
import type { ProducerStates } from '../producer-states.ts'
import { mustRoll, type RollingBatch } from '../rolling.ts'
import { StableOffset } from '../stable-offset.ts'
import { type AppendCall, type AppendWaiter, failWaiters, settleWaiters } from './append-call.ts'
import type { CleanStop } from './data-folder.ts'
import { FolderOperations } from './folder-operations.ts'
import type { Mark, Run } from './marks.ts'
import type { Damage, RecoveredLog } from './recovery.ts'
import { Segment } from './segment.ts'
import { Tail, type TailCache } from './tail-cache.ts'
import { Turnstile } from './turnstile.ts'

/** What a partition tells the engine it belongs to. */
export interface PartitionHost {
  readonly tailCache: TailCache
  /** Bytes became readable, or readers must look again. */
  moved(partition: Partition, readableBytes: number, disturbed: boolean): void
  /** A segment was closed. */
  rolled(partition: Partition, closed: Segment): void
}

export class Partition {
  readonly id: OpenPartition
  readonly folder: string
  readonly tail = new Tail()
  config: LogConfig
  /** Ascending; the last one is written to. Empty until the first append. */
  segments: Segment[]
  epochs: Epochs
  producers: ProducerStates
  snapshots: number[]
  logStart: number
  end: number
  written: Mark
  durable: Mark
  /** The folder is there and says whose it is. */
  hasFolder: boolean
  folderSynced: boolean
  /** The epochs in memory are not those of the file. */
  epochsChanged = false
  /** Files were put in place in the folder since it was last synced. */
  namesChanged = false
  /** What the last clean stop said, or the next one will. */
  cleanStop: CleanStop | undefined
  damage: Damage | undefined
  /** Of a damaged one, where its records once ended: kept so that no later start takes it for whole. */
  readonly lostEnd: number
  offline: ErrorName | undefined
  /** Appends are refused until the log has been opened again. */
  refusing = false
  dropped = false
  /** Bytes that the sync rounds know of and have not settled. */
  notedBytes = 0
  /** Everything before it is in the commit log, or may be once a write to it has ended. */
  logged: Mark
  /** Everything before this offset is in the segments' files for good, whatever the commit log has. */
  filesEnd: number
  /** Runs that are written and neither synced nor in the commit log; undefined when they are too many. */
  #unsynced: Run[] | undefined = []
  #unsyncedSize = 0
  /** What a clean stop left and nothing has changed since: the next one has nothing to write. */
  untouched: boolean
  /** Writes that go through the thread pool are in flight. */
  writing = false
  /** The end of appends whose records have to be unfolded first; later ones queue behind it. */
  gate: Promise<void> | undefined
  runs: Run[] = []
  readonly #host: PartitionHost
  readonly #writtenWaiters: AppendWaiter[] = []
  readonly #durableWaiters: AppendWaiter[] = []
  /** Those who wait for the disk whatever `flush` says. */
  readonly #diskWaiters: AppendWaiter[] = []
  readonly #stable = new StableOffset()
  /** What changes which segments there are, one at a time. */
  readonly reshaping = new Turnstile(1)
  /** What a cleaner knows: where the last cleaning ended, and that it met what it cannot read. */
  cleanedTo: number | undefined
  uncleanable = false
  /** Everything before it is on disk, and a start knows that. */
  recoveryPoint = 0
  readonly operations = new FolderOperations()
  /** What readers were shown under `flush=os`, which later stays readable whatever is on disk. */
  #shown: Mark
  /** Where a scrub found damage. */
  spoiledAt: Mark | undefined
  /** A share of the jitter from 0 to 1, so that partitions do not roll at the same time. */
  readonly #jitter: number

  constructor(
    id: OpenPartition,
    folder: string,
    recovered: RecoveredLog,
    hasFolder: boolean,
    host: PartitionHost,
    jitter: number,
  ) {
    this.id = id
    this.folder = folder
    this.config = id.config
    this.#host = host
    this.#jitter = jitter
    this.hasFolder = hasFolder
    this.folderSynced = hasFolder
    this.segments = recovered.segments
    this.epochs = recovered.epochs
    this.producers = recovered.producers
    this.snapshots = recovered.snapshots
    this.logStart = recovered.logStart
    this.end = recovered.end
    this.damage = recovered.damage
    this.lostEnd = recovered.recoveryPoint
    this.written = this.#markOfEnd()
    this.durable = this.written
    this.logged = this.written
    this.filesEnd = this.end
    this.#shown = this.written
    this.untouched = recovered.untouched
    this.cleanStop = recovered.cleanStop
    this.epochsChanged = this.epochs.begin(id.leaderEpoch, this.end)
  }

  /** Takes over another config. Nobody who waits is forgotten, and nothing shown is taken back. */
  configure(config: LogConfig): void {
    const before = this.readable
    if (before.offset > this.#shown.offset) this.#shown = before
    this.config = config
    const { readable } = this
    if (readable.offset <= before.offset) return
    settleWaiters(this.#durableWaiters, readable.offset)
    this.#host.moved(this, this.bytesBetween(before, readable), false)
  }

  /** Puts a segment in the place of neighbours; who reads those may finish. */
  replace(neighbours: readonly Segment[], cleaned: Segment): void {
    const [first] = neighbours
    this.untouched = false
    this.segments = this.segments.flatMap((segment) =>
      segment === first ? [cleaned] : neighbours.includes(segment) ? [] : [segment],
    )
    for (const segment of neighbours) segment.replaced = true
  }

  /** Takes over a log that was opened again after its disk had been full. */
  adopt(recovered: RecoveredLog): void {
    this.segments = recovered.segments
    this.epochs = recovered.epochs
    this.producers = recovered.producers
    this.end = recovered.end
    this.damage = recovered.damage
    this.spoiledAt = undefined
    this.written = this.#markOfEnd()
    this.durable = this.written
    this.logged = this.written
    this.filesEnd = this.end
    this.takeUnsynced()
    this.#shown = this.written
    this.#stable.clear()
    this.untouched = false
    this.epochsChanged = this.epochs.begin(this.id.leaderEpoch, this.end)
    this.tail.clear()
    this.refusing = false
  }

  get active(): Segment | undefined {
    return this.segments.at(-1)
  }

  /** What readers may see ends here. */
  get readable(): Mark {
    if (this.spoiledAt) return this.spoiledAt
    if (this.config.flush === 'os') return this.written
    return this.durable.offset < this.#shown.offset ? this.#shown : this.durable
  }

  get size(): number {
    return this.segments.reduce((sum, { size }) => sum + size, 0)
  }

  get hasWaiters(): boolean {
    return this.#durableWaiters.length > 0 || this.#diskWaiters.length > 0
  }

  /** Somebody wants what is written to be on disk, whatever `flush` says. */
  get hasDiskWaiters(): boolean {
    return this.#diskWaiters.length > 0
  }

  /** Nobody is told of a write before it is on disk, so that it need not be in the page cache until then. */
  get mayWriteLater(): boolean {
    return this.config.flush === 'disk' && this.#writtenWaiters.length === 0
  }

  /** Readers of committed records stop here. */
  get lastStable(): number {
    return this.#stable.of(this.producers, this.readable.offset, this.logStart)
  }

  get bounds(): Bounds {
    const { offset } = this.readable
    return {
      logStart: this.logStart,
      highWatermark: offset,
      lastStable: this.lastStable,
      end: this.end,
      durableEnd: this.durable.offset,
      leaderEpoch: this.id.leaderEpoch,
      offline: this.offline,
      damaged: this.damage !== undefined || this.spoiled,
    }
  }

  /** A batch that was on disk is not there any more as it was. */
  get spoiled(): boolean {
    return this.spoiledAt !== undefined
  }

  /** Why nothing can be appended now, if so. */
  get refusal(): KafkaError | undefined {
    if (this.dropped) return kafkaError('UNKNOWN_TOPIC_OR_PARTITION')
    if (this.offline) return kafkaError(this.offline)
    if (this.refusing || this.damage || this.spoiled)
      return kafkaError('KAFKA_STORAGE_ERROR', 'The disk of this partition takes no writes.')
    return undefined
  }

  /**
   * Gives an admitted batch its offsets and queues it to be written; the call is decided when `acks` is
   * satisfied. Throws what `ProducerStates.check` throws.
   */
  append(
    { batch, facts, transaction, logAppendTimeMs }: Admitted,
    call: AppendCall,
    index: number,
    { acks }: Pick<AppendOptions, 'acks'>,
    nowMs: number,
  ): void {
    const { refusal } = this
    if (refusal) throw refusal
    const original = facts.producerId >= 0 ? this.producers.check(facts, transaction) : undefined
    const baseOffset = original?.baseOffset ?? this.end
    const end = original ? original.lastOffset + 1 : this.end + facts.count
    if (!original) {
      this.#place(batch, facts.maxTimestampMs, end, nowMs)
      if (facts.producerId >= 0) this.producers.add(facts, baseOffset, nowMs)
    }
    const outcome = { error: undefined, baseOffset, logAppendTimeMs, logStart: this.logStart }
    this.#await({ call, index, end, outcome }, acks)
  }

  /** Ends a transaction; the call is decided when that is on disk. Throws as `checkMarker` does. */
  appendMarker(marker: TransactionMarker, call: AppendCall, index: number, nowMs: number): void {
    const { refusal, end: offset } = this
    if (refusal) throw refusal
    this.producers.checkMarker(marker)
    if ((this.active?.aborted?.count ?? 0) >= abortedInSegmentMax) this.roll(nowMs)
    this.#place(markerBatch(marker, this.producers, nowMs), nowMs, offset + 1, nowMs)
    const firstOffset = this.producers.mark(marker, nowMs)
    if (firstOffset !== undefined) {
      this.#stable.ended(firstOffset, offset)
      const lastStable = this.producers.firstOpen ?? offset + 1
      const { producerId, commit } = marker
      const span = { producerId, firstOffset, lastOffset: offset, lastStable }
      if (!commit) this.active!.aborted!.add(span)
    }
    this.awaitDisk(call, index)
  }

  /** Decides the call when all that there is by now is on disk, whatever `flush` says. */
  awaitDisk(call: AppendCall, index: number): void {
    const { end, logStart } = this
    const outcome = { error: undefined, baseOffset: end, logAppendTimeMs: -1, logStart }
    if (end <= this.durable.offset) call.decide(index, outcome)
    else this.#diskWaiters.push({ call, index, end, outcome })
  }

  /** All runs that wait to be written, in order; they are the caller's from now on. */
  takeRuns(): Run[] {
    const { runs } = this
    this.runs = []
    return runs
  }

  /**
   * The runs since the last round, which the caller makes durable; undefined when they are too many for
   * the commit log, or lie in more than one segment.
   */
  takeUnsynced(): Run[] | undefined {
    const runs = this.#unsynced
    this.#unsynced = []
    this.#unsyncedSize = 0
    return runs?.every(({ segment }) => segment === runs[0]!.segment) ? runs : undefined
  }

  /** A run is in the page cache. */
  wrote(run: Run): void {
    const { segment, position, size, end } = run
    this.#unsyncedSize += size
    if (this.#unsyncedSize > commitLogPieceSizeMax) this.#unsynced = undefined
    else this.#unsynced?.push(run)
    segment.writtenSize = position + size
    this.written = { offset: end, segment, position: segment.writtenSize }
    settleWaiters(this.#writtenWaiters, end)
    if (this.config.flush !== 'os') return
    settleWaiters(this.#durableWaiters, end)
    this.#host.moved(this, size, false)
  }

  /** Everything up to a mark is in the segments' files for good. */
  inFiles(mark: Mark): void {
    this.filesEnd = Math.max(this.filesEnd, mark.offset)
  }

  /** Everything up to a mark, which was the written end when the sync began, is on disk. */
  synced(mark: Mark): void {
    if (mark.offset <= this.durable.offset) return
    const before = this.readable
    this.durable = mark
    settleWaiters(this.#diskWaiters, mark.offset)
    const { readable } = this
    if (readable.offset <= before.offset) return
    settleWaiters(this.#durableWaiters, readable.offset)
    this.#host.moved(this, this.bytesBetween(before, readable), false)
  }

  /** Nothing more can be trusted to reach the disk (D5): everyone who waits hears so. */
  goOffline(): void {
    this.offline = 'KAFKA_STORAGE_ERROR'
    this.#failAll(kafkaError('KAFKA_STORAGE_ERROR'))
    this.#host.moved(this, 0, true)
  }

  /** What stands at a mark is damaged: from there on nothing is read any more, and nothing is appended. */
  spoil(mark: Mark): void {
    this.spoiledAt = mark
    this.untouched = false
    this.#refuseWaiters(kafkaError('KAFKA_STORAGE_ERROR'))
    this.#host.moved(this, 0, true)
  }

  /** A write found no room: what was not written is forgotten, and nothing is taken until `adopt`. */
  refuse(): void {
    this.refusing = true
    this.#failAll(kafkaError('KAFKA_STORAGE_ERROR', 'The disk is full.'))
  }

  /**
   * What the files may have kept back is not written after all, beyond what the commit log may have: that must
   * not be missing in the segments when a start lays it over them. Returns where each segment ends now.
   */
  forgetKept(): [Segment, end: number][] {
    const mark = this.logged.offset > this.durable.offset ? this.logged : this.durable
    const later = this.segments.filter(
      ({ baseOffset }) => baseOffset >= (mark.segment?.baseOffset ?? 0),
    )
    const ends = later.map((segment): [Segment, number] => [
      segment,
      segment === mark.segment ? mark.position : 0,
    ])
    for (const [segment, end] of ends) segment.writtenSize = Math.min(segment.writtenSize, end)
    this.takeUnsynced()
    this.written = mark
    return ends
  }

  /** Moves the log start up, for readers at once. */
  startAt(offset: number): void {
    this.logStart = offset
    this.epochs.startAt(offset)
    this.epochsChanged = true
    this.untouched = false
    this.#host.moved(this, 0, true)
  }

  /** Begins a new segment at the end. */
  roll(nowMs: number): Segment {
    const { active } = this
    const next = new Segment(this.folder, this.end, 0, '', nowMs)
    next.startIndexes()
    this.segments.push(next)
    if (active) this.#host.rolled(this, active)
    return next
  }

  /** The partition is deleted. */
  drop(): void {
    this.dropped = true
    this.#failAll(kafkaError('UNKNOWN_TOPIC_OR_PARTITION'))
    this.#host.moved(this, 0, true)
  }

  /** Bytes of the segments between two marks. */
  bytesBetween(from: Mark, to: Mark): number {
    if (!to.segment) return 0
    if (from.segment === to.segment) return to.position - from.position
    let bytes = from.segment ? from.segment.size - from.position : 0
    for (const segment of this.segments)
      if (
        segment.baseOffset > (from.segment?.baseOffset ?? -1) &&
        segment.baseOffset < to.segment.baseOffset
      )
        bytes += segment.size
    return bytes + to.position
  }

  /** The segment that holds an offset, or the first one behind it. */
  segmentOf(offset: number): Segment | undefined {
    return this.segments.findLast(({ baseOffset }) => baseOffset <= offset) ?? this.segments[0]
  }

  #failAll(error: KafkaError): void {
    this.runs = []
    this.tail.clear()
    this.#refuseWaiters(error)
  }

  #refuseWaiters(error: KafkaError): void {
    failWaiters(this.#writtenWaiters.splice(0), error, this.logStart)
    failWaiters(this.#durableWaiters.splice(0), error, this.logStart)
    failWaiters(this.#diskWaiters.splice(0), error, this.logStart)
  }

  #await(waiter: AppendWaiter, acks: number): void {
    const durably = acks === -1
    const { offset } = durably ? this.readable : this.written
    if (waiter.end <= offset) waiter.call.decide(waiter.index, waiter.outcome)
    else (durably ? this.#durableWaiters : this.#writtenWaiters).push(waiter)
  }

  #place(batch: Buffer, maxTimestampMs: number, end: number, nowMs: number): void {
    const baseOffset = this.end
    const segment = this.#segmentFor({ size: batch.length, maxTimestampMs, end, nowMs })
    this.untouched = false
    placeBatch(batch, baseOffset, this.id.leaderEpoch)
    const last = this.runs.at(-1)
    if (last?.segment === segment) {
      last.chunks.push(batch)
      last.size += batch.length
      last.end = end
    } else
      this.runs.push({ segment, position: segment.size, chunks: [batch], size: batch.length, end })
    const place = {
      position: segment.size,
      size: batch.length,
      lastOffset: end - 1,
      maxTimestampMs,
    }
    segment.add(place, this.config.indexIntervalBytes)
    segment.size += batch.length
    this.end = end
    this.#host.tailCache.add(this.tail, {
      baseOffset,
      lastOffset: end - 1,
      bytes: batch,
      segment,
      position: place.position,
    })
  }

  #segmentFor(batch: RollingBatch): Segment {
    const { active } = this
    if (active && !mustRoll(active, batch, this.config, this.#jitter)) return active
    return this.roll(batch.nowMs)
  }

  #markOfEnd(): Mark {
    const { active } = this
    return { offset: this.end, segment: active, position: active?.size ?? 0 }
  }
}
