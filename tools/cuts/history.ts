// One history of a data folder on a simulated disk: some lives, each of which ends in a power cut at a
// chosen operation, and after each what is left held against what was promised.
import {
  type AppendOutcome,
  LocalLog,
  type LogConfig,
  type LogEngine,
  type OpenPartition,
} from '#log'
import { type BatchOptions, buildBatch } from '#records'
import { SeededRandom, SimulatedDisk, Simulation } from '#testing'
import type { Disk, Logger } from '#world'
import { BrokenPromise } from '../torture/check.ts'
import { Ledger, type SentBatch } from './ledger.ts'
import { readAll, readSome } from './reading.ts'

/** What a history is made from. */
export interface HistoryOptions {
  seed: number | string
  /** A bug planted between the log and its disk. */
  plant?: (disk: Disk) => Disk
}

/** What happened. */
export interface HistoryReport {
  cuts: number
  acknowledged: number
  records: number
}

const livesMax = 4
const partitionsMax = 10
const operationsPerLifeMax = 600
const folder = '/data'

/** Lives through one history; rejects with a `BrokenPromise` that says what was not kept. */
export const liveThrough = async (options: HistoryOptions): Promise<HistoryReport> =>
  new History(options).run()

/** A partition with what is known of it outside, and its producer's next number. */
interface Known {
  id: Omit<OpenPartition, 'leaderEpoch'>
  ledger: Ledger
  producerId: number
  nextSequence: number
}

class History {
  readonly #random: SeededRandom
  readonly #plant: (disk: Disk) => Disk
  readonly #warnings: string[] = []
  readonly #known: Known[] = []
  readonly #dropped: Known[] = []
  #simulation: Simulation
  #disk: SimulatedDisk
  #engine: LogEngine | undefined
  #life = 0
  #recordCount = 0
  #topicCount = 0
  #acknowledged = 0

  constructor({ seed, plant = (disk) => disk }: HistoryOptions) {
    this.#random = new SeededRandom(seed)
    this.#plant = plant
    this.#simulation = new Simulation(this.#random.fork())
    this.#disk = new SimulatedDisk(this.#simulation, this.#random.fork())
  }

  async run(): Promise<HistoryReport> {
    await this.#simulation.until(this.#disk.makeFolder(folder))
    await this.#simulation.until(this.#disk.syncFolder('/'))
    const lives = this.#random.between(1, livesMax)
    const topics = this.#random.between(1, partitionsMax)
    while (this.#known.length < topics) this.#makeTopic()
    for (; this.#life < lives; this.#life += 1) {
      await this.#live()
      this.#cut()
    }
    this.#disk.cutAt = Number.POSITIVE_INFINITY
    await this.#start()
    await this.#checkAll()
    return { cuts: lives, acknowledged: this.#acknowledged, records: this.#recordCount }
  }

  #makeTopic(): void {
    this.#topicCount += 1
    // Names that were used before come again.
    const names = Array.from({ length: partitionsMax + 2 }, (_, index) => `topic-${index}`)
    const isTaken = (name: string): boolean => this.#known.some(({ id }) => id.topic === name)
    const topic = this.#random.pick(names.filter((name) => !isTaken(name)))
    const topicId = `AAAAAAAAAAAAAAAAAA${String(this.#topicCount).padStart(3, '0')}A`
    this.#known.push({
      id: { topic, topicId, partition: 0, config: this.#config() },
      ledger: new Ledger(topic),
      producerId: this.#topicCount,
      nextSequence: 0,
    })
  }

  #config(): LogConfig {
    return {
      flush: 'disk',
      flushMessages: Number.MAX_SAFE_INTEGER,
      flushMs: Number.MAX_SAFE_INTEGER,
      compression: undefined,
      segmentBytes: this.#random.pick([600, 3000, 20_000]),
      segmentMs: 604_800_000,
      segmentJitterMs: 0,
      segmentIndexBytes: 10_485_760,
      indexIntervalBytes: this.#random.pick([0, 200, 4096]),
      maxMessageBytes: 1_048_588,
      compacted: false,
      minCleanableDirtyRatio: 0.5,
      minCompactionLagMs: 0,
      maxCompactionLagMs: Number.MAX_SAFE_INTEGER,
      deleteRetentionMs: 86_400_000,
      deletes: true,
      retentionMs: -1,
      retentionBytes: this.#random.pick([-1, -1, 5000]),
      openCompressed: false,
      timestampType: 'CreateTime',
      timestampBeforeMaxMs: Number.MAX_SAFE_INTEGER,
      timestampAfterMaxMs: Number.MAX_SAFE_INTEGER,
      fileDeleteDelayMs: this.#random.pick([0, 1000]),
    }
  }

  #partitions(): OpenPartition[] {
    return this.#known.map(({ id }) => ({ ...id, leaderEpoch: this.#life }))
  }

  async #start(): Promise<void> {
    const note = (text: string, fields?: object): void => {
      this.#warnings.push(`life ${this.#life}: ${text} ${JSON.stringify(fields ?? {})}`)
    }
    const logger: Logger = { info: note, warn: note, error: note }
    const { clock } = this.#simulation
    const disk = this.#plant(this.#disk)
    this.#engine = new LocalLog(disk, clock, this.#random.fork(), logger, {
      folder,
      openFilesMax: this.#random.pick([2, 5, 100]),
      freeBytesMin: 0,
      commitLogSize: this.#random.pick([0, 12_000, 100_000]),
      producersMax: 1000,
      retentionCheckMs: 50,
      producerExpirationMs: 86_400_000,
      producerExpirationCheckMs: 600_000,
    })
    await this.#orCut(this.#engine.open(this.#partitions()))
  }

  /** Waits for what the power may take away; undefined when it did. */
  async #orCut<T>(promise: Promise<T>): Promise<T | undefined> {
    let settled: { value: T } | { error: unknown } | undefined
    promise.then(
      (value) => {
        settled = { value }
      },
      (error: unknown) => {
        settled = { error }
      },
    )
    while (!settled && !this.#disk.isCut) await this.#simulation.pass(0.1)
    if (settled && 'error' in settled) throw settled.error
    return settled?.value
  }

  async #live(): Promise<void> {
    const operations = this.#disk.operations + this.#random.between(1, operationsPerLifeMax)
    this.#disk.cutAt = operations
    await this.#start()
    if (this.#disk.isCut) return
    const uncut = this.#disk.cutAt
    this.#disk.cutAt = Number.POSITIVE_INFINITY
    await this.#checkAll()
    this.#disk.cutAt = Math.max(uncut, this.#disk.operations + this.#random.between(1, 400))
    while (!this.#disk.isCut) {
      for (let count = this.#random.pick([1, 1, 3, 8, 20]); count > 0; count -= 1) this.#act()
      await this.#simulation.pass(this.#random.pick([0, 0.1, 1, 12, 60]))
      if (this.#random.chance(0.01)) await this.#simulation.pass(60_000)
    }
  }

  #cut(): void {
    const next = new Simulation(this.#random.fork(), this.#simulation.clock.nowMs() + 1000)
    this.#disk = this.#disk.cut(next)
    this.#simulation = next
  }

  #act(): void {
    const known = this.#random.pick(this.#known)
    const draw = this.#random.below(100)
    if (draw < 70) this.#append(known)
    else if (draw < 85) void this.#readSome(known)
    else if (draw < 90) this.#sendAgain(known)
    else if (draw < 93) this.#deleteBefore(known)
    else if (draw < 96) this.#replaceTopic(known)
    else if (draw < 97) this.#stopOrNot()
  }

  #append(known: Known): void {
    const random = this.#random
    const nowMs = this.#simulation.clock.nowMs()
    const size = random.pick([0, 10, 100, 700])
    const records = Array.from({ length: random.between(1, 5) }, () => {
      this.#recordCount += 1
      return {
        id: `${this.#recordCount}:${'x'.repeat(random.below(size + 1))}`,
        timestampMs: nowMs,
      }
    })
    const producer = random.chance(0.5)
      ? { producerId: known.producerId, baseSequence: known.nextSequence }
      : undefined
    if (producer) known.nextSequence += records.length
    const batch: SentBatch = { records, producer }
    known.ledger.sent(batch)
    this.#send(known, batch, random.chance(0.7) ? -1 : 1)
  }

  #send(known: Known, batch: SentBatch, acks: -1 | 1): void {
    const options: BatchOptions = batch.producer ? { ...batch.producer, producerEpoch: 0 } : {}
    const records = batch.records.map(({ id, timestampMs }) => ({
      timestampMs,
      key: null,
      value: Buffer.from(id),
    }))
    const append = { ...known.id, records: buildBatch(records, options) }
    const disk = this.#disk
    const settle = ([outcome]: readonly AppendOutcome[]): void => {
      if (disk.isCut || outcome?.error || acks !== -1) return
      batch.acknowledgedAt ??= outcome!.baseOffset
      this.#acknowledged += 1
    }
    this.#engine!.append([append], { acks, zstdAllowed: true, timeoutMs: 30_000 }).then(
      settle,
      () => undefined,
    )
  }

  /** A producer that did not hear of its last batch sends it again: it must not be there twice. */
  #sendAgain(known: Known): void {
    const last = known.ledger.batches.findLast(({ producer }) => producer)
    if (last && last.producer!.baseSequence + last.records.length === known.nextSequence)
      this.#send(known, last, -1)
  }

  async #readSome(known: Known): Promise<void> {
    const disk = this.#disk
    const bounds = this.#engine!.bounds(known.id)
    if (!bounds || disk.isCut) return
    const offset = bounds.logStart + this.#random.below(bounds.highWatermark - bounds.logStart + 1)
    const records = await readSome(this.#engine!, known.id, offset)
    if (!disk.isCut && records) known.ledger.saw(records, bounds.highWatermark)
  }

  #deleteBefore(known: Known): void {
    const bounds = this.#engine!.bounds(known.id)
    if (!bounds) return
    const { logStart, highWatermark } = bounds
    const offset = logStart + this.#random.below(highWatermark - logStart + 1)
    const disk = this.#disk
    const { ledger } = known
    ledger.logStartAsked = Math.max(ledger.logStartAsked, offset)
    this.#engine!.deleteBefore(known.id, offset).then(
      (start) => {
        if (!disk.isCut) ledger.logStart = Math.max(ledger.logStart, start)
      },
      () => undefined,
    )
  }

  /** The topic's row is gone for good before the log hears of it, and the next one's is there. */
  #replaceTopic(known: Known): void {
    const engine = this.#engine!
    this.#known.splice(this.#known.indexOf(known), 1)
    this.#dropped.push(known)
    void engine.drop([known.id])
    this.#makeTopic()
    const made = { ...this.#known.at(-1)!.id, leaderEpoch: this.#life }
    engine.open([made]).catch(() => undefined)
  }

  /** A stop that the cut may still interrupt. */
  #stopOrNot(): void {
    if (this.#random.chance(0.3)) this.#engine!.close().catch(() => undefined)
  }

  async #checkAll(): Promise<void> {
    for (const known of this.#known) {
      const engine = this.#engine!
      const bounds = engine.bounds(known.id)
      if (!bounds) throw new BrokenPromise(`${known.id.topic} is not served`)
      // Retention may have moved the log start of itself.
      const { ledger, id } = known
      if (id.config.retentionBytes >= 0) ledger.logStartAsked = Number.MAX_SAFE_INTEGER
      const records = await this.#simulation.until(readAll(engine, id))
      const { logStart, highWatermark: end, damaged } = engine.bounds(id)!
      try {
        ledger.check({ logStart, end, damaged, records })
      } catch (error) {
        throw new BrokenPromise(`${(error as Error).message}\n${this.#warnings.join('\n')}`)
      }
      await this.#checkTimes(known, records)
      this.#forget(known, end)
    }
  }

  async #checkTimes({ id }: Known, records: readonly { offset: number; timestampMs: number }[]) {
    if (records.length === 0) return
    const { timestampMs } = this.#random.pick(records)
    const { logStart } = this.#engine!.bounds(id)!
    const wanted = records.find(
      (record) => record.timestampMs >= timestampMs && record.offset >= logStart,
    )
    const found = await this.#simulation.until(this.#engine!.firstSince(id, timestampMs, false))
    if (found?.offset !== wanted?.offset)
      throw new BrokenPromise(
        `${id.topic}: of time ${timestampMs} ${found?.offset} is found and ${wanted?.offset} is the first`,
      )
  }

  /** What was not acknowledged and is not there never will be; its producer begins anew. */
  #forget(known: Known, end: number): void {
    known.ledger.seenEnd = end
    known.producerId += 1000
    known.nextSequence = 0
  }
}
