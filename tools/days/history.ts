// One day of one partition, by a clock that nobody waits for: what is sent, what is set, what is deleted and
// when the log is opened again is drawn from a seed, and after each step both engines hold what the model
// says, record by record.
import { isDeepStrictEqual } from 'node:util'
import { LocalLog, type LogConfig, type LogEngine, MemoryLog, type OpenPartition } from '#log'
import { logConfig } from '#metadata'
import { type BatchOptions, buildBatch } from '#records'
import { loadSettings } from '#settings'
import { SeededRandom, SimulatedDisk, Simulation } from '#testing'
import type { Logger, Random } from '#world'
import type { ModelRecord } from './batches.ts'
import { type DayConfig, DayModel, type SentRecord } from './model.ts'
import { readAll } from './reading.ts'

/** What a day is made from. */
export interface DayOptions {
  seed: number | string
  /** A bug planted between what is set and what the engines are told. */
  plant?: (config: LogConfig) => LogConfig
}

/** What happened in one history. */
export interface DayReport {
  steps: number
  records: number
  /** Records that were gone at the end. */
  removed: number
}

const dayMs = 86_400_000
const hourMs = 3_600_000
const minuteMs = 60_000
const folder = '/data'
const topicId = 'AAAAAAAAAAAAAAAAAAAABA'
const producersMax = 100
/** The first look for old segments comes at most so long after a start. */
const firstRetentionMs = 30_000
const { broker: settings } = loadSettings({ sets: [], flags: {} })

/** Lives through one day; rejects when an engine does not hold what the model says. */
export const liveThroughDay = (options: DayOptions): Promise<DayReport> =>
  new DayHistory(options).run()

/** When an engine looks for old segments, and when it cleans: never both at one time. */
interface Schedule {
  retainMs: number
  cleanMs: number
}

/** An engine with the model it is held against. */
interface Subject {
  name: string
  engine: LogEngine
  model: DayModel
  schedule: Schedule
}

class DayHistory {
  readonly #random: SeededRandom
  readonly #plant: (config: LogConfig) => LogConfig
  readonly #simulation: Simulation
  readonly #disk: SimulatedDisk
  readonly #retentionMs: number
  readonly #backoffMs: number
  readonly #jitterShare: number
  readonly #memory: Subject
  readonly #local: Subject
  readonly #warnings: string[] = []
  readonly #sequences = new Map<number, number>()
  #config: DayConfig
  #id: OpenPartition
  #starts = 0
  #sentCount = 0
  readonly #steps: string[] = []

  constructor({ seed, plant = (config) => config }: DayOptions) {
    this.#plant = plant
    this.#random = new SeededRandom(seed)
    const random = this.#random
    this.#simulation = new Simulation(random.fork())
    this.#disk = new SimulatedDisk(this.#simulation, random.fork(), { latencyMsMax: 0 })
    this.#retentionMs = random.pick([minuteMs, 5 * minuteMs, 30 * minuteMs])
    // Seven milliseconds beside every full second: no cleaning falls on a look for old segments.
    this.#backoffMs = random.pick([2, 5, 20]) * minuteMs + 7
    this.#jitterShare = random.below(4) / 4
    this.#config = this.#drawConfig()
    this.#id = this.#described()
    const { clock } = this.#simulation
    const cleaner = this.#cleaner()
    const memory = new MemoryLog(clock, {
      producersMax,
      retentionCheckMs: this.#retentionMs,
      cleaner,
    })
    this.#memory = this.#subject('memory', memory, 0)
    this.#local = this.#subject('local', this.#newLocal(), this.#jitterShare)
  }

  async run(): Promise<DayReport> {
    const startMs = this.#nowMs
    try {
      await this.#do(this.#disk.makeFolder(folder))
      await this.#open(this.#memory)
      await this.#open(this.#local)
      while (this.#nowMs < startMs + dayMs) {
        await this.#step()
        await this.#check()
      }
      await this.#do(this.#local.engine.close())
    } catch (error) {
      const about = `a look every ${this.#retentionMs} ms, cleanings ${this.#backoffMs} ms apart`
      const settings = JSON.stringify(this.#config)
      const story = [about, settings, ...this.#steps.slice(-30), ...this.#warnings].join('\n')
      throw new Error(`${(error as Error).message}\n${story}`, { cause: error })
    }
    const removed = this.#sentCount - this.#memory.model.records.length
    return { steps: this.#steps.length, records: this.#sentCount, removed }
  }

  get #nowMs(): number {
    return this.#simulation.clock.nowMs()
  }

  /** The partition as the engines are to open it. */
  #described(): OpenPartition {
    // Under odradek.flush=os a cleaning may come in two parts, before and after a sync.
    const overrides: Record<string, string> = {
      'odradek.flush': 'disk',
      'index.interval.bytes': '200',
    }
    for (const [name, value] of Object.entries(this.#config))
      if (name !== 'segment.bytes') overrides[name] = String(value)
    const segmentBytes = this.#config['segment.bytes']
    return {
      topicId,
      topic: 'tested',
      partition: 0,
      leaderEpoch: this.#starts,
      // Kafka allows none that are so small; a day would have to write gigabytes.
      config: this.#plant({ ...logConfig(overrides, settings), segmentBytes }),
    }
  }

  #subject(name: string, engine: LogEngine, jitterShare: number): Subject {
    const model = new DayModel(this.#config, jitterShare)
    return { name, engine, model, schedule: { retainMs: 0, cleanMs: 0 } }
  }

  #cleaner() {
    const rest = { loadFactor: 0.9, bytesPerSecondMax: Number.MAX_VALUE }
    return { threads: 1, dedupeBufferSize: 1e6, backoffMs: this.#backoffMs, ...rest }
  }

  #newLocal(): LocalLog {
    const warn = (sentence: string, fields?: object): void => {
      this.#warnings.push(`${sentence} ${JSON.stringify(fields)}`)
    }
    const logger: Logger = { info: () => undefined, warn, error: warn }
    const share = this.#jitterShare
    const random: Random = {
      bytes: (size) => Buffer.alloc(size, 7),
      below: (bound) => Math.floor(share * bound),
    }
    return new LocalLog(this.#disk, this.#simulation.clock, random, logger, {
      folder,
      openFilesMax: 20,
      producersMax,
      producerExpirationMs: 10 * dayMs,
      producerExpirationCheckMs: dayMs,
      freeBytesMin: 0,
      commitLogSize: 0,
      retentionCheckMs: this.#retentionMs,
      cleaner: this.#cleaner(),
      // It must find nothing, whatever is cleaned, deleted or opened again meanwhile.
      scrub: { bytesPerSecondMax: 1e6, intervalMs: 20 * minuteMs },
    })
  }

  async #open({ engine, schedule }: Subject): Promise<void> {
    await this.#do(engine.open([this.#id]))
    schedule.retainMs = this.#nowMs + Math.min(this.#retentionMs, firstRetentionMs)
    schedule.cleanMs = this.#nowMs + this.#backoffMs
  }

  /** Time stands still meanwhile. */
  async #do<T>(promise: Promise<T>): Promise<T> {
    let isSettled = false
    const end = (): void => {
      isSettled = true
    }
    promise.then(end, end)
    while (!isSettled) await this.#simulation.pass(0)
    return promise
  }

  async #step(): Promise<void> {
    const random = this.#random
    const draw = random.below(100)
    if (draw < 50) await this.#append()
    else if (draw < 85) await this.#pass()
    else if (draw < 92) this.#configure()
    else if (draw < 96) await this.#deleteRecords()
    else await this.#restart()
  }

  async #pass(): Promise<void> {
    const random = this.#random
    const unitMs = random.pick([1000, minuteMs, minuteMs, hourMs, hourMs])
    const ms = random.between(1, unitMs === hourMs ? 3 : 59) * unitMs + random.below(1000)
    this.#steps.push(`${this.#nowMs}: ${ms} ms pass`)
    await this.#simulation.pass(ms)
    for (const subject of [this.#memory, this.#local]) this.#follow(subject)
  }

  /** Lets the model do what its engine has done of itself. */
  #follow({ model, schedule }: Subject): void {
    for (;;) {
      const { retainMs, cleanMs } = schedule
      if (Math.min(retainMs, cleanMs) > this.#nowMs) return
      if (retainMs < cleanMs) {
        model.retain(retainMs)
        schedule.retainMs += this.#retentionMs
      } else {
        model.clean(cleanMs)
        schedule.cleanMs += this.#backoffMs
      }
    }
  }

  async #append(): Promise<void> {
    const random = this.#random
    const records = this.#drawRecords()
    const options: BatchOptions = {}
    let producerId = -1
    if (random.chance(0.3)) {
      producerId = random.below(3)
      const baseSequence = this.#sequences.get(producerId) ?? 0
      Object.assign(options, { producerId, producerEpoch: 0, baseSequence })
    }
    const buffers = records.map(({ createdMs, key, value }) => ({
      timestampMs: createdMs,
      key: key === null ? null : Buffer.from(key),
      value: value === null ? null : Buffer.from(value),
    }))
    const told = records.map(({ createdMs, key, value }) => {
      const size = value === null ? 'none' : `${value.length} bytes`
      return `${key}=${size} at ${createdMs - this.#nowMs}`
    })
    this.#steps.push(`${this.#nowMs}: append [${told.join(', ')}] of ${producerId}`)
    for (const { name, engine, model } of [this.#memory, this.#local]) {
      const expected = model.append(records, producerId, this.#nowMs)
      const append = { topicId, partition: 0, records: buildBatch(buffers, options) }
      const how = { acks: -1, zstdAllowed: true, timeoutMs: 30_000 } as const
      const [outcome] = await this.#do(engine.append([append], how))
      const found = outcome!.error ? outcome!.error.errorName : outcome!.baseOffset
      same(name, 'the outcome of an append', found, expected)
      if (name === 'local' && typeof expected === 'number') {
        this.#sentCount += records.length
        if (producerId >= 0) this.#sequences.set(producerId, options.baseSequence! + records.length)
      }
    }
  }

  #drawRecords(): SentRecord[] {
    const random = this.#random
    const compacts = this.#config['cleanup.policy'].includes('compact')
    const awayMs = random.pick([0, 0, 0, -hourMs, -6 * hourMs, -2 * dayMs, hourMs, 2 * hourMs])
    const noKeys = compacts ? 0.02 : 0.3
    // Some producers give their records no time.
    const timeless = random.pick([0, 0, 0, 0, 0, 0.5, 1])
    const drawMs = (): number => {
      if (random.chance(timeless)) return -1
      return this.#nowMs + (awayMs === 0 ? 0 : Math.round((random.below(1000) / 1000) * awayMs))
    }
    return Array.from({ length: random.between(1, 4) }, () => ({
      createdMs: drawMs(),
      key: random.chance(noKeys) ? null : `k${random.below(6)}`,
      value: random.chance(0.3) ? null : 'v'.repeat(random.below(80)),
    }))
  }

  #drawConfig(): DayConfig {
    const { pick } = this.#random
    const draw = pick.bind(this.#random) as typeof pick
    const none = Number.MAX_SAFE_INTEGER
    const maxCompactionLagMs = draw([none, none, hourMs, 4 * hourMs])
    return {
      'cleanup.policy': draw(['delete', 'delete', 'compact', 'compact,delete', '']),
      'retention.ms': draw([-1, minuteMs, hourMs, 6 * hourMs]),
      'retention.bytes': draw([-1, -1, 0, 700, 3000]),
      'segment.bytes': draw([1, 300, 700, 1500, 1e9]),
      'segment.ms': draw([10 * minuteMs, hourMs, 7 * dayMs]),
      'segment.jitter.ms': draw([0, 5 * minuteMs, 2 * hourMs]),
      'min.cleanable.dirty.ratio': draw([0, 0.2, 0.5, 0.8]),
      'min.compaction.lag.ms': Math.min(draw([0, 0, minuteMs, 2 * hourMs]), maxCompactionLagMs),
      'max.compaction.lag.ms': maxCompactionLagMs,
      'delete.retention.ms': draw([0, minuteMs, 3 * hourMs]),
      'message.timestamp.type': draw(['CreateTime', 'CreateTime', 'CreateTime', 'LogAppendTime']),
      'message.timestamp.before.max.ms': draw([none, none, dayMs]),
      'message.timestamp.after.max.ms': hourMs,
    }
  }

  #configure(): void {
    const drawn = Object.entries(this.#drawConfig()).filter(() => this.#random.chance(0.3))
    const changed = { ...this.#config, ...Object.fromEntries(drawn) }
    const lagMsMax = changed['max.compaction.lag.ms']
    changed['min.compaction.lag.ms'] = Math.min(changed['min.compaction.lag.ms'], lagMsMax)
    this.#config = changed
    this.#id = this.#described()
    this.#steps.push(`${this.#nowMs}: configure ${JSON.stringify(Object.fromEntries(drawn))}`)
    for (const { engine, model } of [this.#memory, this.#local]) {
      engine.configure(this.#id, this.#id.config)
      model.config = changed
    }
  }

  async #deleteRecords(): Promise<void> {
    const share = this.#random.below(1001) / 1000
    for (const { engine, model } of [this.#memory, this.#local]) {
      const offset = model.logStart + Math.round(share * (model.end - model.logStart))
      this.#steps.push(`${this.#nowMs}: delete before ${offset}`)
      await this.#do(engine.deleteBefore(this.#id, offset))
      model.deleteBefore(offset)
    }
  }

  async #restart(): Promise<void> {
    this.#steps.push(`${this.#nowMs}: the log is opened again`)
    await this.#do(this.#local.engine.close())
    this.#starts += 1
    this.#id = this.#described()
    this.#local.engine = this.#newLocal()
    this.#local.model.restart(this.#nowMs)
    await this.#open(this.#local)
  }

  async #check(): Promise<void> {
    for (const { name, engine, model } of [this.#memory, this.#local]) {
      const { logStart, highWatermark, end } = engine.bounds(this.#id)!
      same(name, 'the log start', logStart, model.logStart)
      same(name, 'the high watermark', highWatermark, model.end)
      same(name, 'the end', end, model.end)
      same(name, 'the size', engine.size(this.#id), model.size)
      const records = await this.#do(readAll(engine, this.#id))
      same(name, 'what is read', records, model.records.map(asRead))
      const timestampMs = this.#nowMs - this.#random.pick([0, minuteMs, hourMs, dayMs])
      const found = await this.#do(engine.firstSince(this.#id, timestampMs, false))
      same(name, 'what a time finds', found?.offset, model.firstSince(timestampMs))
    }
    same('local', 'what it warns of', this.#warnings, [])
  }
}

const asRead = ({ offset, timestampMs, key, value }: ModelRecord) => ({
  offset,
  timestampMs,
  key,
  value,
})

const same = (name: string, what: string, found: unknown, expected: unknown): void => {
  if (isDeepStrictEqual(found, expected)) return
  throw new Error(
    `${name}: ${what} is ${JSON.stringify(found)} and should be ${JSON.stringify(expected)}`,
  )
}
