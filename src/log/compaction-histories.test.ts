// Random histories of compacted logs on a simulated disk and clock: the local engine, the memory engine and
// a plain model have the same records after every step.
import { deepEqual, equal, ok } from 'node:assert/strict'
import { test } from 'node:test'
import { type BatchOptions, buildBatch, Codec } from '#records'
import { SeededRandom, SimulatedDisk, Simulation } from '#testing'
import { type Logger, sameThread } from '#world'
import { CompactionModel } from './compaction-model.suite.ts'
import { append, configOf, offsetOf, partitionOf } from './engine.suite.ts'
import type { LogConfig, LogEngine, OpenPartition } from './engine.ts'
import { LocalLog } from './local/local-log.ts'
import { readAll, type SeenRecord } from './log-model.suite.ts'
import { MemoryLog } from './memory/memory-log.ts'

/** `HISTORIES=3000 node --test …` tells that many, and `FIRST=58` begins with that one. */
const historyCount = Number(process.env.HISTORIES ?? 60)
const firstHistory = Number(process.env.FIRST ?? 1)
const folder = '/data'
const silent = () => undefined

/** One history: two engines, the model, and what is drawn for them. */
class History {
  readonly random: SeededRandom
  readonly simulation: Simulation
  readonly disk: SimulatedDisk
  readonly model: CompactionModel
  readonly memory: MemoryLog
  readonly dedupeBufferSize: number
  readonly sequences = new Map<number, number>()
  readonly problems: string[] = []
  id: OpenPartition
  local!: LocalLog
  starts = 0

  constructor(seed: number | string) {
    this.random = new SeededRandom(seed)
    this.simulation = new Simulation(this.random.fork())
    this.disk = new SimulatedDisk(this.simulation, this.random.fork(), { latencyMsMax: 0 })
    const isSmall = this.random.chance(0.3)
    this.dedupeBufferSize = isSmall ? this.random.between(3, 8) * 24 : 1e6
    this.id = partitionOf(0, this.drawConfig(isSmall))
    this.model = new CompactionModel(this.id.config, this.dedupeBufferSize)
    this.memory = new MemoryLog(this.simulation.clock, {
      producersMax: 100,
      retentionCheckMs: 1000,
      cleaner: this.cleaner(0),
    })
  }

  drawConfig(isSmall: boolean): Partial<LogConfig> {
    const { random } = this
    const deletes = random.chance(0.3)
    return {
      compacted: true,
      deletes,
      retentionMs: deletes ? random.pick([10_000, 30_000]) : -1,
      minCleanableDirtyRatio: 0,
      segmentBytes: random.pick([1, 300, 700, 1500]),
      segmentMs: random.pick([4000, 1e9]),
      deleteRetentionMs: random.pick([0, 3000, 10_000]),
      minCompactionLagMs: isSmall ? 0 : random.pick([0, 0, 2000]),
      indexIntervalBytes: random.pick([0, 100, 4096]),
      fileDeleteDelayMs: random.pick([0, 1000, 60_000]),
    }
  }

  cleaner(threads: number) {
    const { dedupeBufferSize } = this
    const rest = { loadFactor: 0.9, bytesPerSecondMax: Number.MAX_VALUE, backoffMs: 1e9 }
    return { threads, dedupeBufferSize, ...rest }
  }

  /** Time stands still meanwhile: codecs take their own, on threads that are no part of the simulation. */
  async do<T>(promise: Promise<T>): Promise<T> {
    let isSettled = false
    const end = (): void => {
      isSettled = true
    }
    promise.then(end, end)
    while (!isSettled) await this.simulation.pass(0)
    return promise
  }

  async start(disk: SimulatedDisk = this.disk): Promise<void> {
    const problem = (sentence: string, fields?: object): void => {
      this.problems.push(`${sentence} ${JSON.stringify(fields)}`)
    }
    const logger: Logger = { info: silent, warn: problem, error: problem }
    const { clock } = this.simulation
    const settings = {
      folder,
      openFilesMax: 20,
      producersMax: 100,
      producerExpirationMs: 1e9,
      producerExpirationCheckMs: 1e9,
      freeBytesMin: 0,
      commitLogSize: 0,
      retentionCheckMs: 1000,
      cleaner: this.cleaner(1),
    }
    const threads = sameThread(disk, clock)
    this.local = new LocalLog(disk, clock, this.random.fork(), logger, settings, threads)
    const id = { ...this.id, leaderEpoch: this.starts }
    this.starts += 1
    await this.do(this.local.open([id]))
  }

  drawBatch(): { records: Omit<SeenRecord, 'offset'>[]; bytes: () => Buffer } {
    const { random } = this
    const nowMs = this.simulation.clock.nowMs()
    const count = random.between(1, 5)
    const records = Array.from({ length: count }, (_, index) => ({
      timestampMs: nowMs + index,
      key: !this.id.config.compacted && random.chance(0.3) ? null : `k${random.below(6)}`,
      value: random.chance(0.3) ? null : 'v'.repeat(random.below(60)) + random.below(1000),
    }))
    const options: BatchOptions = { codec: random.pick(Object.values(Codec)) }
    if (random.chance(0.4)) {
      const producerId = random.below(3)
      const baseSequence = this.sequences.get(producerId) ?? 0
      this.sequences.set(producerId, baseSequence + count)
      Object.assign(options, { producerId, producerEpoch: 0, baseSequence })
    }
    const buffers = records.map(({ timestampMs, key, value }) => ({
      timestampMs,
      key: key === null ? null : Buffer.from(key),
      value: value === null ? null : Buffer.from(value),
    }))
    return { records, bytes: () => buildBatch(buffers, options) }
  }

  async append(): Promise<void> {
    const { records, bytes } = this.drawBatch()
    const at = this.model.end
    for (const engine of [this.memory, this.local])
      equal(offsetOf(await this.do(append(engine, this.id, bytes()))), at)
    this.model.append(records, bytes().length)
  }

  async pass(ms: number): Promise<void> {
    await this.simulation.pass(ms)
    // Whether older segments went before it is for the engines to say, who must agree.
    if (this.memory.bounds(this.id)!.logStart === this.model.end)
      this.model.retain(this.simulation.clock.nowMs())
  }

  async compact(): Promise<void> {
    const expected = this.model.compact(this.simulation.clock.nowMs()) ? 1 : 0
    equal(await this.memory.compact(), expected, 'memory')
    equal(await this.do(this.local.compact()), expected, 'local')
  }

  configure(): void {
    const changes = { compacted: this.random.chance(0.7), deleteRetentionMs: 3000 }
    this.id = { ...this.id, config: configOf({ ...this.id.config, ...changes }) }
    this.model.config = this.id.config
    for (const engine of [this.memory, this.local]) engine.configure(this.id, this.id.config)
  }

  async deleteRecords(): Promise<void> {
    const offset = this.random.between(this.model.logStart, this.model.end)
    for (const engine of [this.memory, this.local])
      await this.do(engine.deleteBefore(this.id, offset))
  }

  async restart(): Promise<void> {
    await this.do(this.local.close())
    await this.start()
  }

  async check(isThorough = true): Promise<void> {
    const [ours, plain] = [this.local.bounds(this.id)!, this.memory.bounds(this.id)!]
    for (const bound of ['logStart', 'highWatermark', 'end'] as const)
      equal(ours[bound], plain[bound], bound)
    const { logStart } = plain
    ok(logStart >= this.model.logStart)
    this.model.logStart = logStart
    const seen = async (engine: LogEngine) => this.do(readAll(engine, this.id))
    deepEqual(await seen(this.memory), this.model.records, 'memory')
    if (isThorough) deepEqual(await seen(this.local), this.model.records, 'local')
    deepEqual(this.problems, [])
  }

  /** What every producer sent last is known when it is sent again. */
  async checkProducers(): Promise<void> {
    const of = (engine: LogEngine) =>
      engine
        .producers(this.id)
        .map(({ producerId, lastSequence }) => [producerId, lastSequence])
        .sort((a, b) => a[0]! - b[0]!)
    const sent = [...this.sequences].sort((a, b) => a[0] - b[0])
    const expected = sent.map(([producerId, next]) => [producerId, next - 1])
    deepEqual(of(this.memory), expected)
    deepEqual(of(this.local), expected)
  }

  async step(): Promise<void> {
    const { random } = this
    const draw = random.below(100)
    if (draw < 60) await this.append()
    else if (draw < 75) await this.pass(random.between(1, 5) * 1000)
    else if (draw < 92) await this.compact()
    else if (draw < 95) await this.restart()
    else if (draw < 98) this.configure()
    else await this.deleteRecords()
  }
}

const tell = async (seed: number | string): Promise<void> => {
  const history = new History(seed)
  await history.do(history.disk.makeFolder(folder))
  await history.memory.open([history.id])
  await history.start()
  const steps = history.random.between(10, 60)
  for (let step = 0; step < steps; step += 1) {
    await history.step()
    await history.check(step % 4 === 0)
  }
  await history.restart()
  await history.compact()
  await history.check()
  await history.checkProducers()
  await history.do(history.local.close())
}

test(`${historyCount} random histories leave the same records everywhere`, async () => {
  for (let seed = firstHistory; seed < firstHistory + historyCount; seed += 1)
    try {
      await tell(seed)
    } catch (error) {
      throw new Error(`history ${seed}`, { cause: error })
    }
})
