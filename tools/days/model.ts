// The rules of retention, rolling and compaction as Kafka has them, over plain lists of records. Nothing
// of the log's own code is used here: this is what the engines are held against.
//
//   roll        an append begins a new segment where it does not fit, or where its largest time is
//               `segment.ms` (less the jitter) behind that of the segment's first batch; where that has no
//               time, the segment's own age counts since it was made or found by a start
//   retention   the oldest segment goes while it lies before the log start; with `delete` also while the
//               rest is still `retention.bytes` large, and while its largest time is over `retention.ms`
//               old; the newest one goes too, when it has records, once a new one is begun behind it
//   compaction  with `compact`: closed segments, up to the first that is younger than
//               `min.compaction.lag.ms`, when enough is dirty or something is older than
//               `max.compaction.lag.ms`; of each key what is last in what was cleaned stays
import { type ModelBatch, type ModelRecord, sizeOfBatch } from './batches.ts'

/** A topic's settings by Kafka's names; -1 stands for no limit where Kafka has it so. */
export interface DayConfig {
  'cleanup.policy': '' | 'compact' | 'delete' | 'compact,delete'
  'retention.ms': number
  'retention.bytes': number
  'segment.bytes': number
  'segment.ms': number
  'segment.jitter.ms': number
  'min.cleanable.dirty.ratio': number
  'min.compaction.lag.ms': number
  'max.compaction.lag.ms': number
  'delete.retention.ms': number
  'message.timestamp.type': 'CreateTime' | 'LogAppendTime'
  'message.timestamp.before.max.ms': number
  'message.timestamp.after.max.ms': number
}

/** A record that is sent. */
export type SentRecord = Pick<ModelRecord, 'createdMs' | 'key' | 'value'>

interface ModelSegment {
  baseOffset: number
  batches: ModelBatch[]
  /** When it was made, or found by a start. */
  begunMs: number
  /** When it was written to last. */
  writtenMs: number
}

/** One partition. */
export class DayModel {
  config: DayConfig
  logStart = 0
  end = 0
  readonly #jitterShare: number
  /** Ascending; the last one is written to. */
  #segments: ModelSegment[] = []
  /** Everything before it has been cleaned once. */
  #cleanedTo: number | undefined
  /** The last offset of each producer's last batch: what a retry is known by has to stay. */
  readonly #lastOfProducers = new Map<number, number>()

  constructor(config: DayConfig, jitterShare: number) {
    this.config = config
    this.#jitterShare = jitterShare
  }

  /** What a reader finds from the log start on. */
  get records(): ModelRecord[] {
    return this.#segments
      .flatMap(({ batches }) => batches)
      .flatMap(({ records }) => records)
      .filter(({ offset }) => offset >= this.logStart)
  }

  get size(): number {
    return sum(this.#segments.map(sizeOf))
  }

  /** The offset of the first record at or after a time. */
  firstSince(timestampMs: number): number | undefined {
    return this.records.find((record) => record.timestampMs >= timestampMs)?.offset
  }

  /** Returns the offset of a batch's first record, or the name of the error that refuses it. */
  append(sent: readonly SentRecord[], producerId: number, nowMs: number): number | string {
    const refusal = this.#refusal(sent, nowMs)
    if (refusal) return refusal
    const baseOffset = this.end
    const isStamped = this.config['message.timestamp.type'] === 'LogAppendTime'
    const records = sent.map((record, index) => ({
      ...record,
      timestampMs: isStamped ? nowMs : record.createdMs,
      offset: baseOffset + index,
    }))
    const batch: ModelBatch = {
      baseOffset,
      lastOffset: baseOffset + records.length - 1,
      records,
      baseMs: records[0]!.createdMs,
      largestMs: Math.max(...records.map(({ timestampMs }) => timestampMs)),
      appendedMs: isStamped ? nowMs : undefined,
      horizonMs: undefined,
      size: 0,
    }
    batch.size = sizeOfBatch(batch)
    const segment = this.#segmentFor(batch, nowMs)
    segment.batches.push(batch)
    segment.writtenMs = nowMs
    this.end = batch.lastOffset + 1
    if (producerId >= 0) this.#lastOfProducers.set(producerId, batch.lastOffset)
    return baseOffset
  }

  deleteBefore(offset: number): void {
    this.logStart = Math.max(this.logStart, offset)
  }

  /** The log is opened again; a segment that nothing was written to is made anew by the next append. */
  restart(nowMs: number): void {
    this.#segments = this.#segments.filter(({ batches }) => batches.length > 0)
    for (const segment of this.#segments) segment.begunMs = nowMs
  }

  /** One look for old segments. */
  retain(nowMs: number): void {
    const { config } = this
    this.#removeOldest(nowMs, (_, next) => next !== undefined && next.baseOffset <= this.logStart)
    if (!config['cleanup.policy'].includes('delete')) return
    const bytesMax = config['retention.bytes']
    if (bytesMax >= 0) this.#removeOldest(nowMs, (oldest) => this.size - sizeOf(oldest) >= bytesMax)
    const ageMsMax = config['retention.ms']
    if (ageMsMax >= 0) this.#removeOldest(nowMs, (oldest) => nowMs - largestMsOf(oldest) > ageMsMax)
  }

  /** One cleaning; false when none was due. */
  clean(nowMs: number): boolean {
    const { config } = this
    if (!config['cleanup.policy'].includes('compact')) return false
    const cleanedTo = this.#cleanedTo ?? this.logStart
    const from = cleanedTo < this.logStart || cleanedTo > this.end ? this.logStart : cleanedTo
    const closed = this.#segments.slice(0, -1)
    const dirty = closed.filter((segment) => this.#endOf(segment) > from)
    const lagMs = config['min.compaction.lag.ms']
    const young = lagMs > 0 && dirty.find((segment) => largestMsOf(segment) > nowMs - lagMs)
    const to = young ? young.baseOffset : (this.#segments.at(-1)?.baseOffset ?? from)
    const cleanable = dirty.filter(({ baseOffset }) => baseOffset < to)
    const dirtyBytes = sum(cleanable.map(sizeOf))
    if (dirtyBytes === 0) return false
    const cleanBytes = sum(closed.filter(({ baseOffset }) => baseOffset < from).map(sizeOf))
    const overdueMs = nowMs - config['max.compaction.lag.ms']
    const isOverdue = dirty.some((segment) => {
      const firstMs = segment.batches[0]?.largestMs ?? -1
      return firstMs > 0 && firstMs < overdueMs
    })
    const ratio = dirtyBytes / (cleanBytes + dirtyBytes)
    if (!isOverdue && ratio <= config['min.cleanable.dirty.ratio']) return false
    this.#compact(from, to, nowMs)
    this.#cleanedTo = to
    return true
  }

  #refusal(sent: readonly SentRecord[], nowMs: number): string | undefined {
    const { config } = this
    if (config['cleanup.policy'].includes('compact') && sent.some(({ key }) => key === null))
      return 'INVALID_RECORD'
    if (config['message.timestamp.type'] === 'LogAppendTime') return undefined
    const isWrong = ({ createdMs }: SentRecord): boolean =>
      createdMs !== -1 &&
      (nowMs - createdMs > config['message.timestamp.before.max.ms'] ||
        createdMs - nowMs > config['message.timestamp.after.max.ms'])
    return sent.some(isWrong) ? 'INVALID_TIMESTAMP' : undefined
  }

  #segmentFor(batch: ModelBatch, nowMs: number): ModelSegment {
    const active = this.#segments.at(-1)
    if (active && !this.#isFull(active, batch, nowMs)) return active
    return this.#begin(nowMs)
  }

  #begin(begunMs: number): ModelSegment {
    const next: ModelSegment = { baseOffset: this.end, batches: [], begunMs, writtenMs: -1 }
    this.#segments.push(next)
    return next
  }

  #isFull(active: ModelSegment, { size, largestMs }: ModelBatch, nowMs: number): boolean {
    const { config } = this
    const [first] = active.batches
    if (!first) return false
    if (sizeOf(active) + size > config['segment.bytes']) return true
    // Only closed segments are cleaned, so none stays open for longer than that (KIP-354).
    const openMsMax = config['cleanup.policy'].includes('compact')
      ? Math.min(config['segment.ms'], config['max.compaction.lag.ms'])
      : config['segment.ms']
    const jitterMs = this.#jitterShare * Math.min(config['segment.jitter.ms'], openMsMax)
    const openMs = first.largestMs >= 0 ? largestMs - first.largestMs : nowMs - active.begunMs
    return openMs > openMsMax - jitterMs
  }

  /** Removes the oldest segment as long as that one is to go; a segment without records stays. */
  #removeOldest(
    nowMs: number,
    isDue: (oldest: ModelSegment, next: ModelSegment | undefined) => boolean,
  ): void {
    for (;;) {
      const [oldest, next] = this.#segments
      if (!oldest || (!next && oldest.batches.length === 0) || !isDue(oldest, next)) return
      if (!next) this.#begin(nowMs)
      this.#segments.shift()
      this.logStart = Math.max(this.logStart, this.#segments[0]!.baseOffset)
    }
  }

  #endOf(segment: ModelSegment): number {
    return this.#segments[this.#segments.indexOf(segment) + 1]?.baseOffset ?? this.end
  }

  /** Learns the last offset of each key in what is dirty, and drops what is older from all before. */
  #compact(from: number, to: number, nowMs: number): void {
    const cleaned = this.#segments.filter(({ baseOffset }) => baseOffset < to)
    const lastOffsets = new Map<string, number>()
    for (const { key, offset } of cleaned.flatMap(({ batches }) => batches.flatMap(recordsOf)))
      if (key !== null && offset >= from) lastOffsets.set(key, offset)
    const groups = this.#groups(cleaned).map((group) => {
      const all = group.flatMap(({ batches }) => batches)
      const before = all.map(({ records, horizonMs }) => ({ records, horizonMs }))
      for (const batch of all) this.#cleanBatch(batch, lastOffsets, nowMs)
      const kept = all.filter(
        (batch, index) =>
          batch.records.length > 0 || index === all.length - 1 || this.#isLastOfProducer(batch),
      )
      const isChanged =
        group.length > 1 ||
        kept.length < all.length ||
        all.some(
          ({ records, horizonMs }, index) =>
            records !== before[index]!.records || horizonMs !== before[index]!.horizonMs,
        )
      const { baseOffset } = group[0]!
      const { begunMs, writtenMs } = group.at(-1)!
      return isChanged ? { baseOffset, batches: kept, begunMs, writtenMs } : group[0]!
    })
    this.#segments = [...groups, ...this.#segments.slice(cleaned.length)]
  }

  /** Neighbours that fit into one segment become one. */
  #groups(segments: readonly ModelSegment[]): ModelSegment[][] {
    const groups: ModelSegment[][] = []
    for (const segment of segments) {
      const group = groups.at(-1)
      if (group && sum(group.map(sizeOf)) + sizeOf(segment) <= this.config['segment.bytes'])
        group.push(segment)
      else groups.push([segment])
    }
    return groups
  }

  #cleanBatch(batch: ModelBatch, lastOffsets: ReadonlyMap<string, number>, nowMs: number): void {
    if (batch.records.length === 0) return
    const tombstonesGo = batch.horizonMs !== undefined && batch.horizonMs <= nowMs
    const kept = batch.records.filter(({ offset, key, value }) => {
      if (key === null || (value === null && tombstonesGo)) return false
      return offset >= (lastOffsets.get(key) ?? -1)
    })
    const isNewHorizon = batch.horizonMs === undefined && kept.some(({ value }) => value === null)
    if (kept.length === batch.records.length && !isNewHorizon) return
    batch.records = kept
    if (isNewHorizon) {
      batch.horizonMs = nowMs + this.config['delete.retention.ms']
      // The header has one field for both.
      batch.baseMs = batch.horizonMs
    }
    batch.size = sizeOfBatch(batch)
    if (kept.length > 0 && batch.appendedMs === undefined)
      batch.largestMs = Math.max(...kept.map(({ timestampMs }) => timestampMs))
  }

  #isLastOfProducer({ lastOffset }: ModelBatch): boolean {
    return [...this.#lastOfProducers.values()].includes(lastOffset)
  }
}

const recordsOf = ({ records }: ModelBatch): readonly ModelRecord[] => records

const sizeOf = ({ batches }: ModelSegment): number => sum(batches.map(({ size }) => size))

/** The largest time of a segment's records; where none has one, the time that it was written at. */
const largestMsOf = ({ batches, writtenMs }: ModelSegment): number => {
  const largestMs = Math.max(
    -1,
    ...batches.filter(({ records }) => records.length > 0).map((batch) => batch.largestMs),
  )
  return largestMs >= 0 ? largestMs : writtenMs
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0)
