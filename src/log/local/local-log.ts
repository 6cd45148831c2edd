// The local engine: Kafka's segment files, one folder a partition. This file is the front of it; the
// ideas are in `partition.ts` (what is where), `log-writer.ts` (page cache), `sync-rounds.ts` (disk),
// `log-reader.ts`, `recovery.ts` and `data-folder.ts`.
import { join } from 'node:path'
import { type ErrorName, type KafkaError, kafkaError } from '#model'
import type { Pause } from '#records'
import {
  type Clock,
  type Disk,
  type Logger,
  nextTurn,
  type Random,
  sameThread,
  type Threads,
} from '#world'
import { type Admitted, admit, refusalOf, type Unopened } from '../admission.ts'
import { cleanerDefaults } from '../compaction/cleaner-settings.ts'
import type {
  Append,
  AppendOptions,
  AppendOutcome,
  Bounds,
  LogConfig,
  LogEngine,
  LogFigures,
  Movement,
  Opened,
  OpenPartition,
  OpenTransaction,
  PartitionId,
  ProducerState,
  Read,
  ReadOutcome,
  TimedOffset,
  TransactionMarker,
} from '../engine.ts'
import { opensMax } from '../limits.ts'
import { LogError } from '../log-error.ts'
import { Movements } from '../movements.ts'
import { readError, unreadable } from '../read-outcome.ts'
import { AppendCall, AppendDeadlines } from './append-call.ts'
import { partitionName } from './checkpoint-files.ts'
import { Checkpoints } from './checkpoints.ts'
import { Cleaner } from './cleaner.ts'
import { byPartition, CommitLog, type LoggedPiece } from './commit-log.ts'
import { DataFolder, type LeftBehind } from './data-folder.ts'
import { DiskRoom } from './disk-room.ts'
import { figuresOf } from './figures.ts'
import { FileLeases } from './file-leases.ts'
import { FullLogs } from './full-logs.ts'
import { guardedRead } from './guarded-read.ts'
import { type FoundBatches, LogReader } from './log-reader.ts'
import { LogWriter } from './log-writer.ts'
import { Partition, type PartitionHost } from './partition.ts'
import { PartitionMap } from './partition-map.ts'
import { ProducerExpiry } from './producer-expiry.ts'
import { emptyLog, type RecoveredLog, type RecoveryOptions, recoverLog } from './recovery.ts'
import { RetentionRounds } from './retention-rounds.ts'
import { Scrub } from './scrub.ts'
import type { LocalLogSettings } from './settings.ts'
import { SyncRounds } from './sync-rounds.ts'
import { TailCache } from './tail-cache.ts'
import { TimeLookUps } from './time-lookups.ts'
import { TransactionEnds } from './transaction-ends.ts'

export class LocalLog implements LogEngine {
  readonly #disk: Disk
  readonly #clock: Clock
  readonly #random: Random
  readonly #logger: Logger
  readonly #settings: LocalLogSettings
  readonly #leases: FileLeases
  readonly #commitLog: CommitLog
  readonly #full: FullLogs
  readonly #rounds: SyncRounds
  readonly #writer: LogWriter
  readonly #reader: LogReader
  readonly #dataFolder: DataFolder
  readonly #checkpoints: Checkpoints
  readonly #retention: RetentionRounds
  readonly #cleaner: Cleaner
  readonly #expiry: ProducerExpiry
  readonly #scrub: Scrub
  readonly #host: PartitionHost
  readonly #room: DiskRoom
  readonly #deadlines: AppendDeadlines
  readonly #partitions = new PartitionMap()
  readonly #movements: Movements<Partition>
  readonly #times: TimeLookUps
  readonly #ends: TransactionEnds
  readonly #pause: Pause = () => nextTurn(this.#clock)
  #left: LeftBehind | undefined
  /** What the commit log had of each partition, while they are being opened. */
  #replayed = new Map<string, LoggedPiece[]>()
  #closed = false

  constructor(
    disk: Disk,
    clock: Clock,
    random: Random,
    logger: Logger,
    settings: LocalLogSettings,
    threads: Threads = sameThread(disk, clock),
  ) {
    this.#disk = disk
    this.#clock = clock
    this.#random = random
    this.#logger = logger
    this.#settings = settings
    this.#leases = new FileLeases(disk, settings.openFilesMax)
    this.#movements = new Movements(clock)
    this.#deadlines = new AppendDeadlines(clock)
    this.#room = new DiskRoom(disk, clock, logger, settings.folder, settings.freeBytesMin)
    this.#commitLog = new CommitLog(disk, logger, settings.folder, settings.commitLogSize)
    this.#full = new FullLogs(disk, clock, logger, this.#leases, settings.folder, {
      openAgain: (partition) => this.#openAgain(partition),
      opened: (partition) => this.#movements.add(partition, partition.id, 0, true),
    })
    this.#rounds = new SyncRounds(
      disk,
      clock,
      logger,
      this.#leases,
      this.#commitLog,
      settings.folder,
      (partition, error) => this.#full.refuse(partition, error),
    )
    this.#dataFolder = new DataFolder(disk, clock, logger, settings.folder)
    this.#reader = new LogReader(disk, this.#leases)
    this.#times = new TimeLookUps(disk, clock, logger, this.#reader)
    this.#writer = new LogWriter(disk, clock, logger, this.#leases, this.#rounds, {
      folderFree: ({ id }) => this.#dataFolder.free(partitionName(id.topic, id.partition)),
      full: (partition, error) => this.#full.refuse(partition, error),
    })
    this.#ends = new TransactionEnds(clock, this.#partitions, this.#writer, this.#rounds)
    this.#checkpoints = new Checkpoints(
      disk,
      clock,
      logger,
      this.#dataFolder,
      this.#rounds,
      () => this.#partitions,
    )
    const parts = {
      leases: this.#leases,
      rounds: this.#rounds,
      checkpoints: this.#checkpoints,
      dataFolder: this.#dataFolder,
      partitions: () => this.#partitions,
    }
    this.#retention = new RetentionRounds(disk, clock, logger, parts)
    const cleaner = settings.cleaner ?? cleanerDefaults
    this.#cleaner = new Cleaner(disk, clock, random, logger, threads, parts, cleaner)
    this.#expiry = new ProducerExpiry(clock, parts.partitions, settings)
    this.#scrub = new Scrub(disk, clock, logger, threads, parts.partitions, settings.scrub)
    this.#host = {
      tailCache: new TailCache(),
      moved: (partition, bytes, disturbed) =>
        this.#movements.add(partition, partition.id, bytes, disturbed),
      rolled: (partition) => this.#checkpoints.snapshot(partition),
    }
  }

  async open(partitions: readonly OpenPartition[]): Promise<Opened> {
    const isStart = this.#left === undefined
    this.#left ??= await this.#dataFolder.open(partitions)
    if (isStart) this.#replayed = byPartition(await this.#commitLog.read(this.#left.clean))
    const queue = [...partitions]
    const work = async (): Promise<void> => {
      for (let next = queue.shift(); next; next = queue.shift())
        this.#partitions.add(await this.#openOne(next, isStart))
    }
    await Promise.all(Array.from({ length: Math.min(opensMax, queue.length) }, work))
    if (isStart) {
      this.#replayed.clear()
      await this.#commitLog.begin()
      await this.#room.check()
      this.#checkpoints.start()
      this.#retention.start(this.#settings.retentionCheckMs)
      if (this.#settings.cleaner) this.#cleaner.start()
      this.#expiry.start()
      this.#scrub.start()
    }
    const largest = [...this.#partitions].map(({ producers }) => producers.producerIdMax)
    return { producerIdMax: largest.reduce((a, b) => Math.max(a, b), -1) }
  }

  append(appends: readonly Append[], options: AppendOptions): Promise<readonly AppendOutcome[]> {
    if (this.#closed) return Promise.reject(closed())
    const call = new AppendCall(appends.length)
    const nowMs = this.#clock.nowMs()
    for (let index = 0; index < appends.length; index += 1) {
      const append = appends[index]!
      const partition = this.#partitions.get(append)
      if (partition) this.#appendOne(partition, append, call, index, options, nowMs)
      else call.decide(index, refusalOf(kafkaError('UNKNOWN_TOPIC_OR_PARTITION'), -1))
    }
    if (options.acks === -1 && !call.isSettled) this.#deadlines.add(call, options.timeoutMs)
    return call.settled
  }

  appendMarkers(markers: readonly TransactionMarker[]): Promise<readonly (ErrorName | null)[]> {
    return this.#closed ? Promise.reject(closed()) : this.#ends.append(markers)
  }

  durable(ids: readonly PartitionId[]): Promise<void> {
    return this.#closed ? Promise.reject(closed()) : this.#ends.durable(ids)
  }

  openTransactions(id?: PartitionId): readonly OpenTransaction[] {
    return this.#ends.open(id)
  }

  async read(reads: readonly Read[], bytesMax: number): Promise<readonly ReadOutcome[]> {
    const outcomes: ReadOutcome[] = []
    let left = bytesMax
    let found = false
    for (const read of reads) {
      const outcome = this.#readOne(read, left, !found)
      const settled = outcome instanceof Promise ? await outcome : outcome
      left = Math.max(0, left - settled.recordsSize)
      found ||= settled.recordsSize > 0
      outcomes.push(settled)
    }
    return outcomes
  }

  bounds(id: PartitionId): Bounds | undefined {
    return this.#partitions.get(id)?.bounds
  }

  readableBytes(id: PartitionId, offset: number, committedOnly: boolean): number {
    const partition = this.#partitions.get(id)
    return partition ? this.#reader.readableBytes(partition, offset, committedOnly) : 0
  }

  onMovement(listener: (movements: readonly Movement[]) => void): void {
    this.#movements.listen(listener)
  }

  async firstSince(
    id: PartitionId,
    timestampMs: number,
    committedOnly: boolean,
  ): Promise<TimedOffset | undefined> {
    return this.#times.firstSince(this.#served(id), timestampMs, committedOnly)
  }

  async newest(id: PartitionId, committedOnly: boolean): Promise<TimedOffset | undefined> {
    return this.#times.newest(this.#served(id), committedOnly)
  }

  epochEnd(id: PartitionId, epoch: number): { leaderEpoch: number; endOffset: number } {
    const partition = this.#partitions.get(id)
    const none = { leaderEpoch: -1, endOffset: -1 }
    return partition?.epochs.endOf(epoch, partition.readable.offset) ?? none
  }

  epochOf(id: PartitionId, offset: number): number {
    return this.#partitions.get(id)?.epochs.of(offset) ?? -1
  }

  producers(id: PartitionId): readonly ProducerState[] {
    return this.#partitions.get(id)?.producers.describe() ?? []
  }

  figures(): LogFigures {
    const parts = { partitions: this.#partitions, writer: this.#writer, rounds: this.#rounds }
    return figuresOf({ ...parts, commitLog: this.#commitLog, room: this.#room })
  }

  size(id: PartitionId): number {
    return this.#partitions.get(id)?.size ?? 0
  }

  configure(id: PartitionId, config: LogConfig): void {
    const partition = this.#partitions.get(id)
    if (!partition) return
    partition.configure(config)
    if (config.flush === 'os' || partition.durable.offset === partition.written.offset) return
    this.#rounds.note(partition, 0)
    this.#rounds.consider()
  }

  compact(): Promise<number> {
    return this.#cleaner.run()
  }

  async deleteBefore(id: PartitionId, offset: number): Promise<number> {
    const partition = this.#served(id)
    if (partition.offline) throw kafkaError(partition.offline)
    const { highWatermark, logStart } = partition.bounds
    const wanted = offset === -1 ? highWatermark : offset
    if (wanted > highWatermark || wanted < 0) throw kafkaError('OFFSET_OUT_OF_RANGE')
    if (wanted > logStart) partition.startAt(wanted)
    // Others may move it on while this waits: only what was there before is durable then.
    const start = partition.logStart
    await this.#retention.writeLogStarts()
    return start
  }

  drop(ids: readonly PartitionId[]): Promise<void> {
    for (const id of ids) {
      const partition = this.#partitions.get(id)
      if (!partition) continue
      this.#partitions.remove(id)
      partition.drop()
      this.#cleaner.forget(partition)
      const gone = partition.operations.idle().then(() => this.#letGo(partition))
      this.#dataFolder.leave(partition.id, partition.config.fileDeleteDelayMs, gone)
    }
    return Promise.resolve()
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#expiry.close()
    this.#room.close()
    this.#full.stop()
    if (!this.#left) return
    await Promise.all([this.#cleaner.stop(), this.#scrub.stop()])
    for (const { gate } of this.#partitions) await gate
    await this.#retention.close()
    await this.#writer.finish()
    await this.#checkpoints.finish()
    await this.#commitLog.close()
    await this.#dataFolder.close()
    await this.#leases.closeAll()
  }

  async #openOne(id: OpenPartition, isStart: boolean): Promise<Partition> {
    const name = partitionName(id.topic, id.partition)
    const folder = join(this.#settings.folder, name)
    const present = isStart && this.#left!.present.has(name)
    const point = this.#left!.recoveryPoints.get(name)
    const logStart = (present && this.#left!.logStarts.get(name)) || 0
    // A clean stop names only partitions that were sound; any other is scanned from its beginning.
    const clean = this.#left!.clean && point !== undefined
    if (!isStart) await this.#dataFolder.forget(name)
    const recovered = present
      ? await this.#recover(id, folder, {
          recoveryPoint: point ?? 0,
          clean,
          logStart,
          powerLost: this.#left!.powerLost,
          cleanedTo: this.#left!.cleaned.get(name),
          pieces: this.#replayed.get(`${id.topicId}-${id.partition}`),
          cleanStop: this.#left!.cleanStops.get(name),
        })
      : emptyLog(this.#settings.producersMax)
    if (isStart && this.#left!.missing.has(name)) {
      this.#logger.error('the folder of a partition is gone: it takes no records', { folder })
      recovered.damage = { file: folder, position: 0 }
      recovered.recoveryPoint = point!
    }
    const jitter = this.#random.below(1 << 16) / (1 << 16)
    const partition = new Partition(id, folder, recovered, present, this.#host, jitter)
    partition.recoveryPoint = present ? (point ?? 0) : 0
    partition.cleanedTo = present ? this.#left!.cleaned.get(name) : undefined
    return partition
  }

  #openAgain({ id, folder, filesEnd, logStart, hasFolder }: Partition): Promise<RecoveredLog> {
    const known = { recoveryPoint: filesEnd, clean: false, logStart, powerLost: false }
    if (hasFolder) return this.#recover(id, folder, known)
    return Promise.resolve(emptyLog(this.#settings.producersMax))
  }

  #recover(
    { config }: OpenPartition,
    folder: string,
    known: Omit<RecoveryOptions, 'folder' | 'indexIntervalBytes' | 'producersMax' | 'nowMs'>,
  ): Promise<RecoveredLog> {
    return recoverLog(this.#disk, this.#logger, {
      ...known,
      folder,
      indexIntervalBytes: config.indexIntervalBytes,
      producersMax: this.#settings.producersMax,
      nowMs: this.#clock.nowMs(),
    })
  }

  #appendOne(
    partition: Partition,
    append: Append,
    call: AppendCall,
    index: number,
    options: AppendOptions,
    nowMs: number,
  ): void {
    const decide = (step: () => void): void => {
      try {
        step()
      } catch (error) {
        call.decide(index, refusalOf(error, partition.logStart))
      }
    }
    const enter = (admitted: Admitted): void => {
      partition.append(admitted, call, index, options, nowMs)
      if (partition.runs.length > 0) this.#writer.schedule(partition)
    }
    decide(() => {
      if (this.#room.isShort) throw kafkaError('KAFKA_STORAGE_ERROR', 'The disk is nearly full.')
      this.#room.appended(append.records?.byteLength ?? 0)
      const admitted = admit(append, partition.config, options, nowMs)
      if ('open' in admitted) this.#throughGate(partition, admitted, decide, enter)
      else if (partition.gate)
        this.#throughGate(partition, { open: async () => admitted }, decide, enter)
      else enter(admitted)
    })
  }

  /** Keeps the order of appends where some have to be unfolded first. */
  #throughGate(
    partition: Partition,
    unopened: Unopened,
    decide: (step: () => void) => void,
    enter: (admitted: Admitted) => void,
  ): void {
    const opening = unopened.open(this.#pause)
    const gate = Promise.allSettled([opening, partition.gate]).then(([opened]) => {
      if (partition.gate === gate) partition.gate = undefined
      decide(() => {
        if (opened.status === 'rejected') throw opened.reason
        enter(opened.value)
      })
    })
    partition.gate = gate
  }

  #readOne(read: Read, bytesLeft: number, wholeFirst: boolean): ReadOutcome | Promise<ReadOutcome> {
    const partition = this.#partitions.get(read)
    if (!partition) return unreadable(kafkaError('UNKNOWN_TOPIC_OR_PARTITION'))
    const bounds = partition.bounds
    const error = readError(read, bounds)
    if (error) return unreadable(error)
    const { offset, committedOnly } = read
    const sizeMax = Math.min(bytesLeft, read.bytesMax)
    const found = guardedRead(this.#logger, partition, () =>
      this.#reader.read(partition, offset, sizeMax, wholeFirst, committedOnly),
    )
    const outcome = ({
      chunks: records,
      size: recordsSize,
      aborted,
    }: FoundBatches): ReadOutcome => {
      const { logStart } = partition
      // What was found may no longer be what stood at that offset.
      if (offset < logStart) return unreadable(kafkaError('OFFSET_OUT_OF_RANGE'))
      const { highWatermark, lastStable } = bounds
      return {
        error: undefined,
        records,
        recordsSize,
        highWatermark,
        lastStable,
        logStart,
        aborted,
      }
    }
    if (!(found instanceof Promise)) return outcome(found)
    return found.then(outcome, (reason: unknown) => unreadable(reason as KafkaError))
  }

  #served(id: PartitionId): Partition {
    const partition = this.#partitions.get(id)
    if (!partition) throw kafkaError('UNKNOWN_TOPIC_OR_PARTITION')
    return partition
  }

  async #letGo({ segments }: Partition): Promise<void> {
    // A failing close loses nothing: the files are going to be removed.
    for (const { path } of segments) await this.#leases.release(path).catch(() => undefined)
  }
}

const closed = (): LogError => new LogError('LOG_CLOSED', 'the log is closed')
