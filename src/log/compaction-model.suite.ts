// Compaction said as plainly as can be, over lists of records: what the engines are held against. It knows
// neither bytes nor files; of segments only where they begin, because cleaning stops at their borders.
import type { LogConfig } from './engine.ts'
import type { SeenRecord } from './log-model.suite.ts'
import { mustRoll } from './rolling.ts'

interface ModelBatch {
  baseOffset: number
  lastOffset: number
  records: SeenRecord[]
  horizonMs: number | undefined
}

interface ModelSegment {
  baseOffset: number
  size: number
  firstTimestampMs: number
  maxTimestampMs: number
}

export class CompactionModel {
  readonly #dedupeBufferSize: number
  #batches: ModelBatch[] = []
  readonly #segments: ModelSegment[] = []
  config: LogConfig
  end = 0
  logStart = 0
  cleanedTo: number | undefined

  constructor(config: LogConfig, dedupeBufferSize: number) {
    this.config = config
    this.#dedupeBufferSize = dedupeBufferSize
  }

  get records(): SeenRecord[] {
    return this.#batches
      .flatMap(({ records }) => records)
      .filter(({ offset }) => offset >= this.logStart)
  }

  append(records: readonly Omit<SeenRecord, 'offset'>[], size: number): void {
    const baseOffset = this.end
    this.end += records.length
    const maxTimestampMs = Math.max(...records.map(({ timestampMs }) => timestampMs))
    const active = this.#segments.at(-1)
    const batch = { size, maxTimestampMs, end: this.end, nowMs: 0 }
    if (!active || mustRoll({ ...active, offsetEntryCount: 0, begunMs: 0 }, batch, this.config, 0))
      this.#segments.push({ baseOffset, size, firstTimestampMs: maxTimestampMs, maxTimestampMs })
    else {
      if (active.size === 0) active.firstTimestampMs = maxTimestampMs
      active.size += size
      active.maxTimestampMs = Math.max(active.maxTimestampMs, maxTimestampMs)
    }
    this.#batches.push({
      baseOffset,
      lastOffset: this.end - 1,
      records: records.map((record, index) => ({ ...record, offset: baseOffset + index })),
      horizonMs: undefined,
    })
  }

  /** Retention that takes the newest segment, too, begins another one behind it. */
  retain(nowMs: number): void {
    const { deletes, retentionMs } = this.config
    const active = this.#segments.at(-1)
    if (!deletes || !active?.size || nowMs - active.maxTimestampMs <= retentionMs) return
    const none = { size: 0, firstTimestampMs: -1, maxTimestampMs: -1 }
    this.#segments.push({ baseOffset: this.end, ...none })
  }

  /** One cleaning; false when there was nothing to clean. */
  compact(nowMs: number): boolean {
    const { from, to } = this.#cleanable(nowMs)
    if (to <= from || !this.config.compacted) return false
    const { last, end } = this.#learn(from, to)
    for (const batch of this.#batches) this.#clean(batch, last, end, nowMs)
    this.cleanedTo = end
    return true
  }

  #cleanable(nowMs: number): { from: number; to: number } {
    const { logStart, end, cleanedTo = logStart, config } = this
    const from = cleanedTo < logStart || cleanedTo > end ? logStart : cleanedTo
    const active = this.#segments.at(-1)?.baseOffset ?? 0
    const endOf = (index: number): number => this.#segments[index + 1]?.baseOffset ?? end
    const dirty = this.#segments.slice(0, -1).filter((_, index) => endOf(index) > from)
    const isYoung = ({ maxTimestampMs }: ModelSegment): boolean =>
      config.minCompactionLagMs > 0 && maxTimestampMs > nowMs - config.minCompactionLagMs
    return { from, to: dirty.find(isYoung)?.baseOffset ?? active }
  }

  /** The last offset of each key, as many whole batches as there is room for. */
  #learn(from: number, to: number): { last: Map<string, number>; end: number } {
    const wanted = Math.ceil((to - from + 1) / 0.9)
    const slots = Math.max(2, Math.min(wanted, Math.floor(this.#dedupeBufferSize / 24)))
    const room = Math.max(1, Math.min(slots - 1, Math.floor(slots * 0.9)))
    const last = new Map<string, number>()
    let end = from
    for (const { records, lastOffset } of this.#batches) {
      if (lastOffset < from || lastOffset >= to) continue
      const isFirst = end === from
      for (const { key, offset } of records) {
        if (key !== null && offset >= from) {
          if (!last.has(key) && last.size === room) return { last, end }
          last.set(key, offset)
        }
        if (isFirst && offset >= from) end = offset + 1
      }
      end = lastOffset + 1
    }
    return { last, end: to }
  }

  #clean(batch: ModelBatch, last: Map<string, number>, end: number, nowMs: number): void {
    const { horizonMs } = batch
    const areGone = horizonMs !== undefined && horizonMs <= nowMs
    batch.records = batch.records.filter(({ offset, key, value }) => {
      if (offset >= end) return true
      if (key === null || offset < (last.get(key) ?? -1)) return false
      return value !== null || !areGone
    })
    const hasTombstones = batch.records.some(({ value, offset }) => value === null && offset < end)
    if (hasTombstones) batch.horizonMs ??= nowMs + this.config.deleteRetentionMs
  }
}
