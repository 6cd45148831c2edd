import { lastOffsetOf } from '#records'
import { type Clock, type Disk, type Logger, nextTurn } from '#world'
import type { TimedOffset } from '../engine.ts'
import { emptyPromisesMax } from '../limits.ts'
import { recordSince } from '../time-search.ts'
import { guardedRead } from './guarded-read.ts'
import type { LogReader } from './log-reader.ts'
import type { Partition } from './partition.ts'
import { Turnstile } from './turnstile.ts'

/** Finds records by their times: the batch by indexes and headers, the record inside it. */
export class TimeLookUps {
  readonly #disk: Disk
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #reader: LogReader
  /** One batch at a time is unfolded: each may take much memory. */
  readonly #unfolding = new Turnstile(1)

  constructor(disk: Disk, clock: Clock, logger: Logger, reader: LogReader) {
    this.#disk = disk
    this.#clock = clock
    this.#logger = logger
    this.#reader = reader
  }

  /** The first record at or after a time; undefined when none is. */
  async firstSince(
    partition: Partition,
    timestampMs: number,
    committedOnly: boolean,
  ): Promise<TimedOffset | undefined> {
    const { lastStable } = partition
    const pause = (): Promise<void> => nextTurn(this.#clock)
    let offset = partition.logStart
    for (let tries = 0; tries < emptyPromisesMax; tries += 1) {
      const from = offset
      const found = await guardedRead(this.#logger, partition, () =>
        this.#reader.firstBatchSince(partition, timestampMs, from),
      )
      if (!found) return undefined
      const record = await this.#unfolding.run(() =>
        recordSince(found.batch, timestampMs, partition.logStart, pause),
      )
      if (record) return committedOnly && record.offset >= lastStable ? undefined : record
      // The header of a compressed batch is its producer's word: this one has no such record.
      offset = lastOffsetOf(found.batch) + 1
    }
    return undefined
  }

  /** The first of the records with the largest time; undefined when there is none. */
  async newest(partition: Partition, committedOnly: boolean): Promise<TimedOffset | undefined> {
    const largestMs = await guardedRead(this.#logger, partition, async () => {
      let largest = -1
      for (const segment of partition.segments)
        largest = Math.max(largest, await segment.largestTime(this.#disk))
      return largest
    })
    return largestMs < 0 ? undefined : this.firstSince(partition, largestMs, committedOnly)
  }
}
