// The memory engine: the same log without a disk. It is the plain model that the other engines are held
// against, and what tests use that need no files. Everything is durable as soon as it is appended.
import { Durations, type ErrorName, KafkaError, kafkaError } from '#model'
import { batchSizeOf, lastOffsetOf, maxTimestampOf, type Pause, placeBatch } from '#records'
import { type Clock, nextTurn, type Timer } from '#world'
import { type AbortedSpan, AbortedSpans, toldOf } from '../aborted-spans.ts'
import { type Admitted, admit, refusalOf } from '../admission.ts'
import { type CleanerSettings, cleanerDefaults } from '../compaction/cleaner-settings.ts'
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
import { Epochs } from '../epochs.ts'
import { firstRetentionCheckMs } from '../limits.ts'
import { markerBatch } from '../marker-batch.ts'
import { Movements } from '../movements.ts'
import { ProducerStates } from '../producer-states.ts'
import { readError, unreadable } from '../read-outcome.ts'
import { expiredCount } from '../retention.ts'
import { mustRoll } from '../rolling.ts'
import { StableOffset } from '../stable-offset.ts'
import { recordSince } from '../time-search.ts'
import { cleanInMemory, largestTimeOf, type MemorySegment } from './memory-cleaner.ts'

interface MemoryPartition {
  id: OpenPartition
  config: LogConfig
  /** Ascending; as the local engine would have them, because retention and cleaning go by segments. */
  segments: MemorySegment[]
  end: number
  logStart: number
  /** Where the last cleaning ended. */
  cleanedTo: number | undefined
  epochs: Epochs
  producers: ProducerStates
  /** The append before, so that they take effect in order. */
  turn: Promise<unknown>
}

/** What the memory engine is told once. Times in milliseconds. */
export interface MemoryLogSettings {
  producersMax: number
  retentionCheckMs: number
  /** Without it nothing is cleaned unless `compact` is called. */
  cleaner?: CleanerSettings
}

export class MemoryLog implements LogEngine {
  readonly #clock: Clock
  readonly #settings: MemoryLogSettings
  readonly #partitions = new Map<string, MemoryPartition>()
  readonly #movements: Movements<string>
  readonly #pause: Pause = () => nextTurn(this.#clock)
  #timer: Timer | undefined
  #cleaning: Timer | undefined
  /** None. */
  readonly #syncs = new Durations([])
  #appendedBytes = 0
  #appendedRecords = 0

  constructor(clock: Clock, settings: MemoryLogSettings) {
    this.#clock = clock
    this.#settings = settings
    this.#movements = new Movements(clock)
    if (settings.cleaner && settings.cleaner.threads > 0) this.#cleanLater(settings.cleaner)
  }

  open(partitions: readonly OpenPartition[]): Promise<Opened> {
    for (const id of partitions)
      this.#partitions.set(keyOf(id), {
        id,
        config: id.config,
        segments: [],
        end: 0,
        logStart: 0,
        cleanedTo: undefined,
        epochs: new Epochs([{ epoch: id.leaderEpoch, startOffset: 0 }]),
        producers: new ProducerStates(this.#settings.producersMax),
        turn: Promise.resolve(),
      })
    const { retentionCheckMs } = this.#settings
    if (!this.#timer) this.#scheduleRetention(Math.min(retentionCheckMs, firstRetentionCheckMs))
    return Promise.resolve({ producerIdMax: -1 })
  }

  append(appends: readonly Append[], options: AppendOptions): Promise<readonly AppendOutcome[]> {
    return Promise.all(appends.map((append) => this.#appendOne(append, options)))
  }

  appendMarkers(markers: readonly TransactionMarker[]): Promise<readonly (ErrorName | null)[]> {
    return Promise.all(
      markers.map(async (marker) => {
        const partition = this.#find(marker)
        if (!partition) return null
        const marked = partition.turn.then(() => this.#mark(partition, marker))
        partition.turn = marked.catch(() => undefined)
        try {
          await marked
          return null
        } catch (error) {
          if (error instanceof KafkaError) return error.errorName
          throw error
        }
      }),
    )
  }

  async durable(ids: readonly PartitionId[]): Promise<void> {
    await Promise.all(ids.map((id) => this.#find(id)?.turn))
  }

  openTransactions(id?: PartitionId): readonly OpenTransaction[] {
    const one = id && this.#find(id)
    const asked = id ? (one ? [one] : []) : [...this.#partitions.values()]
    return asked.flatMap((each) => each.producers.openTransactions(each.id))
  }

  read(reads: readonly Read[], bytesMax: number): Promise<readonly ReadOutcome[]> {
    let left = bytesMax
    let found = false
    const outcomes = reads.map((read) => {
      const outcome = this.#readOne(read, left, !found)
      left = Math.max(0, left - outcome.recordsSize)
      found ||= outcome.recordsSize > 0
      return outcome
    })
    return Promise.resolve(outcomes)
  }

  bounds(id: PartitionId): Bounds | undefined {
    const partition = this.#find(id)
    return (
      partition && {
        logStart: partition.logStart,
        highWatermark: partition.end,
        lastStable: lastStableOf(partition),
        end: partition.end,
        durableEnd: partition.end,
        leaderEpoch: partition.id.leaderEpoch,
        offline: undefined,
        damaged: false,
      }
    )
  }

  readableBytes(id: PartitionId, offset: number, committedOnly: boolean): number {
    const partition = this.#find(id)
    if (!partition || offset < 0) return 0
    const upTo = committedOnly ? lastStableOf(partition) : partition.end
    const isWanted = (last: number): boolean => last >= offset && last < upTo
    return sizeOf(batchesOf(partition).filter((batch) => isWanted(lastOffsetOf(batch))))
  }

  onMovement(listener: (movements: readonly Movement[]) => void): void {
    this.#movements.listen(listener)
  }

  async firstSince(
    id: PartitionId,
    timestampMs: number,
    committedOnly: boolean,
  ): Promise<TimedOffset | undefined> {
    const partition = this.#served(id)
    const upTo = committedOnly ? lastStableOf(partition) : partition.end
    for (const batch of batchesOf(partition)) {
      if (maxTimestampOf(batch) < timestampMs) continue
      const record = await recordSince(batch, timestampMs, partition.logStart, this.#pause)
      if (record) return record.offset < upTo ? record : undefined
    }
    return undefined
  }

  async newest(id: PartitionId, committedOnly: boolean): Promise<TimedOffset | undefined> {
    const largestMs = largestTimeOf(batchesOf(this.#served(id)))
    return largestMs < 0 ? undefined : this.firstSince(id, largestMs, committedOnly)
  }

  epochEnd(id: PartitionId, epoch: number): { leaderEpoch: number; endOffset: number } {
    const partition = this.#find(id)
    return partition?.epochs.endOf(epoch, partition.end) ?? { leaderEpoch: -1, endOffset: -1 }
  }

  epochOf(id: PartitionId, offset: number): number {
    return this.#find(id)?.epochs.of(offset) ?? -1
  }

  producers(id: PartitionId): readonly ProducerState[] {
    return this.#find(id)?.producers.describe() ?? []
  }

  figures(): LogFigures {
    const all = [...this.#partitions.values()]
    const segments = all.flatMap((partition) => partition.segments)
    return {
      partitions: all.length,
      offline: 0,
      damagedCount: 0,
      damaged: [],
      segments: segments.length,
      bytes: segments.reduce((sum, { size }) => sum + size, 0),
      appendedBytes: this.#appendedBytes,
      appendedRecords: this.#appendedRecords,
      ...{ syncs: this.#syncs, unsyncedBytes: 0, isDiskShort: false },
      ...{ commitLogFill: 0, commitLogBytes: 0 },
    }
  }

  size(id: PartitionId): number {
    return (this.#find(id)?.segments ?? []).reduce((sum, { size }) => sum + size, 0)
  }

  configure(id: PartitionId, config: LogConfig): void {
    const partition = this.#find(id)
    if (partition) partition.config = config
  }

  compact(): Promise<number> {
    const settings = this.#settings.cleaner ?? cleanerDefaults
    const nowMs = this.#clock.nowMs()
    const all = [...this.#partitions.values()]
    return Promise.resolve(all.filter((each) => cleanInMemory(each, settings, nowMs)).length)
  }

  async deleteBefore(id: PartitionId, offset: number): Promise<number> {
    const partition = this.#served(id)
    const wanted = offset === -1 ? partition.end : offset
    if (wanted > partition.end || wanted < 0) throw kafkaError('OFFSET_OUT_OF_RANGE')
    if (wanted > partition.logStart) this.#startAt(partition, wanted)
    return partition.logStart
  }

  drop(ids: readonly PartitionId[]): Promise<void> {
    for (const id of ids)
      if (this.#partitions.delete(keyOf(id))) this.#movements.add(keyOf(id), id, 0, true)
    return Promise.resolve()
  }

  close(): Promise<void> {
    this.#timer?.cancel()
    this.#cleaning?.cancel()
    this.#partitions.clear()
    return Promise.resolve()
  }

  #find(id: PartitionId): MemoryPartition | undefined {
    return this.#partitions.get(keyOf(id))
  }

  #served(id: PartitionId): MemoryPartition {
    const partition = this.#find(id)
    if (!partition) throw kafkaError('UNKNOWN_TOPIC_OR_PARTITION')
    return partition
  }

  async #appendOne(append: Append, options: AppendOptions): Promise<AppendOutcome> {
    const partition = this.#find(append)
    if (!partition) return refusalOf(kafkaError('UNKNOWN_TOPIC_OR_PARTITION'), -1)
    const taken = partition.turn.then(() => this.#take(partition, append, options))
    partition.turn = taken.catch(() => undefined)
    try {
      return await taken
    } catch (error) {
      return refusalOf(error, 0)
    }
  }

  async #take(
    partition: MemoryPartition,
    append: Append,
    options: AppendOptions,
  ): Promise<AppendOutcome> {
    const nowMs = this.#clock.nowMs()
    const admitted = admit(append, partition.config, options, nowMs)
    return this.#store(
      partition,
      'open' in admitted ? await admitted.open(this.#pause) : admitted,
      nowMs,
    )
  }

  #store(
    partition: MemoryPartition,
    { batch, facts, transaction, logAppendTimeMs }: Admitted,
    nowMs: number,
  ): AppendOutcome {
    if (this.#find(partition.id) !== partition) throw kafkaError('UNKNOWN_TOPIC_OR_PARTITION')
    const { producers } = partition
    const original = facts.producerId >= 0 ? producers.check(facts, transaction) : undefined
    const baseOffset = original?.baseOffset ?? partition.end
    if (!original) {
      placeBatch(batch, baseOffset, partition.id.leaderEpoch)
      this.#place(partition, batch, nowMs)
      partition.end += facts.count
      if (facts.producerId >= 0) producers.add(facts, baseOffset, nowMs)
      this.#movements.add(keyOf(partition.id), partition.id, batch.length, false)
    }
    return { error: undefined, baseOffset, logAppendTimeMs, logStart: partition.logStart }
  }

  #mark(partition: MemoryPartition, marker: TransactionMarker): void {
    const { producers, end: offset } = partition
    producers.checkMarker(marker)
    const nowMs = this.#clock.nowMs()
    const batch = markerBatch(marker, producers, nowMs)
    placeBatch(batch, offset, partition.id.leaderEpoch)
    this.#place(partition, batch, nowMs)
    partition.end = offset + 1
    const firstOffset = producers.mark(marker, nowMs)
    if (firstOffset !== undefined && !marker.commit)
      partition.segments.at(-1)!.aborted.add({
        producerId: marker.producerId,
        firstOffset,
        lastOffset: offset,
        lastStable: producers.firstOpen ?? offset + 1,
      })
    this.#movements.add(keyOf(partition.id), partition.id, batch.length, false)
  }

  #place(partition: MemoryPartition, batch: Buffer, nowMs: number): void {
    const maxTimestampMs = maxTimestampOf(batch)
    const { length: size } = batch
    let active = partition.segments.at(-1)
    const added = { size, maxTimestampMs, end: lastOffsetOf(batch) + 1, nowMs }
    // There is no index here that could be full.
    if (!active || mustRoll({ ...active, offsetEntryCount: 0 }, added, partition.config, 0)) {
      active = emptySegment(partition.end, nowMs)
      partition.segments.push(active)
    }
    active.batches.push(batch)
    active.size += size
    this.#appendedBytes += size
    this.#appendedRecords += added.end - partition.end
    active.firstTimestampMs ??= maxTimestampMs
    active.maxTimestampMs = Math.max(active.maxTimestampMs, maxTimestampMs)
    active.modifiedMs = nowMs
  }

  #scheduleRetention(delayMs: number): void {
    this.#timer = this.#clock.after(delayMs, () => {
      for (const partition of this.#partitions.values()) this.#expire(partition)
      this.#scheduleRetention(this.#settings.retentionCheckMs)
    })
  }

  #expire(partition: MemoryPartition): void {
    const { segments, logStart, end, config } = partition
    const retained = segments.map(({ baseOffset, size, maxTimestampMs, modifiedMs }) => ({
      baseOffset,
      size,
      largestTimeMs: maxTimestampMs >= 0 ? maxTimestampMs : modifiedMs,
    }))
    const log = { segments: retained, logStart, highWatermark: end, end }
    const count = expiredCount(log, config, this.#clock.nowMs())
    if (count === 0) return
    if (count === segments.length) segments.push(emptySegment(end, this.#clock.nowMs()))
    segments.splice(0, count)
    this.#startAt(partition, Math.max(logStart, segments[0]!.baseOffset))
  }

  #startAt(partition: MemoryPartition, offset: number): void {
    partition.logStart = offset
    partition.epochs.startAt(offset)
    this.#movements.add(keyOf(partition.id), partition.id, 0, true)
  }

  #readOne(read: Read, bytesLeft: number, wholeFirst: boolean): ReadOutcome {
    const bounds = this.bounds(read)
    const partition = this.#find(read)
    if (!bounds || !partition) return unreadable(kafkaError('UNKNOWN_TOPIC_OR_PARTITION'))
    const error = readError(read, bounds)
    if (error) return unreadable(error)
    const sizeMax = Math.min(bytesLeft, read.bytesMax)
    const records: Buffer[] = []
    let recordsSize = 0
    const { highWatermark, lastStable, logStart } = bounds
    const upTo = read.committedOnly ? lastStable : highWatermark
    let endOffset = read.offset
    for (const batch of batchesOf(partition)) {
      if (lastOffsetOf(batch) < read.offset) continue
      if (lastOffsetOf(batch) >= upTo) break
      const isFirst = recordsSize === 0 && wholeFirst
      if (recordsSize + batch.length > sizeMax && !isFirst) break
      records.push(batch)
      endOffset = lastOffsetOf(batch) + 1
      recordsSize += batch.length
    }
    const spans: AbortedSpan[] = []
    for (const { aborted } of partition.segments) aborted.collect(read.offset, endOffset, spans)
    const aborted = read.committedOnly ? toldOf(spans) : null
    return { error: undefined, records, recordsSize, highWatermark, lastStable, logStart, aborted }
  }

  #cleanLater(cleaner: CleanerSettings): void {
    this.#cleaning = this.#clock.after(cleaner.backoffMs, () => {
      void this.compact().then(() => this.#cleanLater(cleaner))
    })
  }
}

const keyOf = ({ topicId, partition }: PartitionId): string => `${topicId}-${partition}`

const emptySegment = (baseOffset: number, begunMs: number): MemorySegment => ({
  baseOffset,
  begunMs,
  batches: [],
  size: 0,
  firstTimestampMs: undefined,
  maxTimestampMs: -1,
  aborted: new AbortedSpans(),
  modifiedMs: 0,
})

const lastStableOf = ({ producers, end, logStart }: MemoryPartition): number =>
  new StableOffset().of(producers, end, logStart)

const batchesOf = ({ segments }: MemoryPartition): Buffer[] =>
  segments.flatMap(({ batches }) => batches)

const sizeOf = (batches: readonly Buffer[]): number =>
  batches.reduce((sum, batch) => sum + batchSizeOf(batch), 0)
