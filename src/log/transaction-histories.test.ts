// Random histories with transactions on a simulated disk whose power may go at any operation: after each
// step both engines have the last stable offset of a plain model, and readers of committed records see
// what that says, from wherever they begin.
import { deepEqual, equal, ok } from 'node:assert/strict'
import { test } from 'node:test'
import {
  attributesOf,
  type BatchOptions,
  baseOffsetOf,
  batchSizeOf,
  buildBatch,
  Codec,
  isControl,
  isTransactional,
  lastOffsetOf,
  producerIdOf,
} from '#records'
import { SeededRandom, SimulatedDisk, Simulation } from '#testing'
import { type Clock, type Logger, sameThread } from '#world'
import { readMarker } from './compaction/marker-record.ts'
import { offsetOf, partitionOf } from './engine.suite.ts'
import type { LogConfig, LogEngine, OpenPartition, TransactionMarker } from './engine.ts'
import { LocalLog } from './local/local-log.ts'
import { recordsOf } from './log-model.suite.ts'
import { MemoryLog } from './memory/memory-log.ts'

/** `HISTORIES=3000 node --test …` tells that many, and `FIRST=58` begins with that one. */
const historyCount = Number(process.env.HISTORIES ?? 100)
const firstHistory = Number(process.env.FIRST ?? 1)
const folder = '/data'
const silent = () => undefined
const logger: Logger = { info: silent, warn: silent, error: silent }
const producerCount = 4

interface Transaction {
  producerId: number
  firstOffset: number
  state: 'open' | 'committed' | 'aborted'
}

interface ModelRecord {
  offset: number
  key: string
  value: string
  transaction: Transaction | undefined
}

/** What a partition has to hold. */
class Model {
  readonly records: ModelRecord[] = []
  readonly open = new Map<number, Transaction>()
  end = 0
  logStart = 0

  get lastStable(): number {
    const first = Math.min(...[...this.open.values()].map(({ firstOffset }) => firstOffset))
    return Math.min(this.end, Math.max(first, this.logStart))
  }

  append(values: readonly { key: string; value: string }[], producerId: number | undefined): void {
    let transaction: Transaction | undefined
    if (producerId !== undefined) {
      const begun = { producerId, firstOffset: this.end, state: 'open' } as const
      transaction = this.open.get(producerId) ?? begun
      this.open.set(producerId, transaction)
    }
    for (const { key, value } of values) {
      this.records.push({ offset: this.end, key, value, transaction })
      this.end += 1
    }
  }

  mark({ producerId, commit }: TransactionMarker): void {
    const transaction = this.open.get(producerId)
    if (transaction) transaction.state = commit ? 'committed' : 'aborted'
    this.open.delete(producerId)
    this.end += 1
  }

  /** What a reader of committed records who begins at an offset may see. */
  committed(from: number): ModelRecord[] {
    const { lastStable } = this
    return this.records.filter(
      ({ offset, transaction }) =>
        offset >= from &&
        offset < lastStable &&
        (transaction === undefined || transaction.state === 'committed'),
    )
  }
}

/** What a client makes of what it is told: it leaves out aborted records by the list beside the batches. */
const readCommitted = async (
  engine: LogEngine,
  id: OpenPartition,
  from: number,
  bytesMax: number,
): Promise<{ offset: number; value: string | null }[]> => {
  const seen: { offset: number; value: string | null }[] = []
  for (let offset = from; ; ) {
    const ask = { offset, bytesMax, committedOnly: true, currentLeaderEpoch: -1 }
    const [outcome] = await engine.read([{ ...id, ...ask }], bytesMax)
    if (outcome!.error) throw outcome!.error
    const bytes = Buffer.concat(outcome!.records)
    if (bytes.length === 0) {
      ok(offset >= outcome!.lastStable, `a read from ${offset} of ${outcome!.lastStable} is empty`)
      return seen
    }
    const aborted = [...outcome!.aborted!]
    const leftOut = new Set<number>()
    for (let start = 0; start < bytes.length; start += batchSizeOf(bytes, start)) {
      const lastOffset = lastOffsetOf(bytes, start)
      ok(lastOffset >= offset && baseOffsetOf(bytes, start) <= lastOffset)
      while (aborted[0] && aborted[0].firstOffset <= lastOffset)
        leftOut.add(aborted.shift()!.producerId)
      const producerId = producerIdOf(bytes, start)
      const attributes = attributesOf(bytes, start)
      const stop = start + batchSizeOf(bytes, start)
      offset = lastOffset + 1
      if (isControl(attributes)) {
        if (readMarker(bytes, start, stop)?.type === 0) leftOut.delete(producerId)
      } else if (!isTransactional(attributes) || !leftOut.has(producerId))
        seen.push(...recordsOf([bytes.subarray(start, stop)]))
    }
  }
}

class History {
  readonly random: SeededRandom
  readonly model = new Model()
  readonly version: 1 | 2
  readonly id: OpenPartition
  readonly memory: MemoryLog
  readonly epochs = new Map<number, number>()
  readonly sequences = new Map<number, number>()
  simulation: Simulation
  disk: SimulatedDisk
  local!: LocalLog
  starts = 0
  valueCount = 0

  constructor(seed: number) {
    this.random = new SeededRandom(seed)
    this.simulation = new Simulation(this.random.fork())
    this.disk = new SimulatedDisk(this.simulation, this.random.fork(), { latencyMsMax: 0 })
    this.version = this.random.pick([1, 2])
    this.id = partitionOf(0, this.drawConfig())
    // A power cut brings another simulation, and this engine lives on.
    const clock: Clock = {
      nowMs: () => this.simulation.clock.nowMs(),
      monotonicMs: () => this.simulation.clock.monotonicMs(),
      after: (delayMs, run) => this.simulation.clock.after(delayMs, run),
      endOfTurn: (run) => this.simulation.clock.endOfTurn(run),
    }
    this.memory = new MemoryLog(clock, { producersMax: 9, retentionCheckMs: 1e9 })
  }

  drawConfig(): Partial<LogConfig> {
    const { random } = this
    return {
      compacted: random.chance(0.5),
      deletes: false,
      segmentBytes: random.pick([1, 300, 1000, 1e6]),
      deleteRetentionMs: random.pick([0, 3000]),
      minCleanableDirtyRatio: 0,
      indexIntervalBytes: random.pick([0, 100, 4096]),
      fileDeleteDelayMs: random.pick([0, 1000]),
      flush: 'disk',
    }
  }

  do<T>(promise: Promise<T>): Promise<T> {
    return this.simulation.until(promise)
  }

  async start(): Promise<void> {
    const { disk } = this
    const { clock } = this.simulation
    const settings = {
      folder,
      openFilesMax: 20,
      producersMax: 9,
      producerExpirationMs: 1e9,
      producerExpirationCheckMs: 1e9,
      freeBytesMin: 0,
      commitLogSize: 0,
      retentionCheckMs: 1e9,
    }
    const threads = sameThread(disk, clock)
    this.local = new LocalLog(disk, clock, this.random.fork(), logger, settings, threads)
    await this.do(this.local.open([{ ...this.id, leaderEpoch: this.starts }]))
    this.starts += 1
  }

  /** Does something that may be cut off; false when it was, and its outcome is not known. */
  async try(action: Promise<unknown>): Promise<boolean> {
    let isDone = false
    const end = (): void => {
      isDone = true
    }
    action.then(end, end)
    while (!isDone && !this.disk.isCut) await this.simulation.pass(0)
    if (isDone && !this.disk.isCut) {
      this.disk.cutAt = Number.POSITIVE_INFINITY
      await action
      return true
    }
    await this.powerCut()
    return false
  }

  async powerCut(): Promise<void> {
    await this.simulation.pass(1000)
    this.simulation = new Simulation(this.random.fork(), this.simulation.clock.nowMs())
    this.disk = this.disk.cut(this.simulation)
    await this.start()
  }

  /** Draws whether, and when, the power goes. */
  plan(): void {
    const { disk, random } = this
    if (random.chance(0.15)) disk.cutAt = disk.operations + random.between(1, 25)
  }

  async append(): Promise<void> {
    const { random, model } = this
    const producerId = random.chance(0.7) ? random.below(producerCount) : undefined
    const values = Array.from({ length: random.between(1, 3) }, () => {
      this.valueCount += 1
      return { key: `k${random.below(5)}`, value: `v${this.valueCount}` }
    })
    const options: BatchOptions = { codec: random.pick([Codec.none, Codec.snappy]) }
    if (producerId !== undefined)
      Object.assign(options, {
        producerId,
        producerEpoch: this.epochs.get(producerId) ?? 0,
        baseSequence: this.sequences.get(producerId) ?? 0,
        isTransactional: true,
      })
    const timestampMs = this.simulation.clock.nowMs()
    const records = values.map(({ key, value }) => ({
      timestampMs,
      key: Buffer.from(key),
      value: Buffer.from(value),
    }))
    const { topicId, partition } = this.id
    const transaction = { version: this.version, guard: () => null }
    const into = async (engine: LogEngine): Promise<void> => {
      const append = { topicId, partition, records: buildBatch(records, options), transaction }
      const how = { acks: -1, zstdAllowed: true, timeoutMs: 1e9 } as const
      const [outcome] = await engine.append([append], how)
      equal(offsetOf(outcome!), model.end)
    }
    this.plan()
    const isDone = await this.try(into(this.local))
    if (!isDone && this.local.bounds(this.id)!.end === model.end) return
    await this.do(into(this.memory))
    model.append(values, producerId)
    const next = (this.sequences.get(producerId ?? -1) ?? 0) + values.length
    if (producerId !== undefined) this.sequences.set(producerId, next)
  }

  async end(): Promise<void> {
    const { random, model, version } = this
    const { topicId, partition } = this.id
    const producerId = random.below(producerCount)
    const epoch = (this.epochs.get(producerId) ?? 0) + version - 1
    const commit = random.chance(0.5)
    const marker = { topicId, partition, producerId, epoch, commit, version }
    this.plan()
    const into = async (engine: LogEngine): Promise<void> =>
      deepEqual(await engine.appendMarkers([marker]), [null])
    const isDone = await this.try(into(this.local))
    if (!isDone && this.local.bounds(this.id)!.end === model.end) return
    await this.do(into(this.memory))
    model.mark(marker)
    if (version === 1) return
    this.epochs.set(producerId, epoch)
    this.sequences.set(producerId, 0)
  }

  async deleteRecords(): Promise<void> {
    const { model, id } = this
    const offset = this.random.between(model.logStart, model.end)
    this.plan()
    await this.try(this.local.deleteBefore(id, offset))
    const { logStart } = this.local.bounds(id)!
    ok(logStart === offset || logStart === model.logStart, 'the log start is somewhere else')
    await this.do(this.memory.deleteBefore(id, logStart))
    model.logStart = logStart
  }

  async compact(): Promise<void> {
    this.plan()
    await this.try(this.local.compact())
    await this.do(this.memory.compact())
  }

  async step(): Promise<void> {
    const draw = this.random.below(100)
    if (draw < 50) await this.append()
    else if (draw < 75) await this.end()
    else if (draw < 80) await this.simulation.pass(this.random.between(1, 5) * 1000)
    else if (draw < 88) await this.compact()
    else if (draw < 91) await this.deleteRecords()
    else if (draw < 95) await this.powerCut()
    else if (await this.try(this.local.close())) await this.start()
  }

  async check(): Promise<void> {
    const { model, random } = this
    const from = random.chance(0.5) ? model.logStart : random.between(model.logStart, model.end)
    const bytesMax = random.pick([1, 200, 500, 1e6])
    for (const engine of [this.memory, this.local]) {
      const bounds = engine.bounds(this.id)!
      equal(bounds.end, model.end)
      equal(bounds.highWatermark, model.end)
      equal(bounds.lastStable, model.lastStable)
      equal(bounds.damaged, false)
      deepEqual(
        engine.openTransactions(this.id).map((each) => [each.producerId, each.firstOffset]),
        [...model.open.values()].map((each) => [each.producerId, each.firstOffset]),
      )
      const seen = await this.do(readCommitted(engine, this.id, from, bytesMax))
      const found = seen.filter(({ offset }) => offset >= from)
      this.compare(new Map(found.map(({ offset, value }) => [offset, value])), from)
    }
  }

  /** Compaction takes what a later record of its key follows, and nothing else. */
  compare(seen: Map<number, string | null>, from: number): void {
    const expected = this.model.committed(from)
    const values = new Map(expected.map(({ offset, value }) => [offset, value]))
    for (const [offset, value] of seen) equal(value, values.get(offset), `at ${offset}`)
    const last = new Map(expected.map((record) => [record.key, record.offset]))
    for (const { offset, key } of expected)
      if (!this.id.config.compacted || last.get(key) === offset)
        ok(seen.has(offset), `${offset} is missing`)
  }
}

const tell = async (seed: number): Promise<void> => {
  const history = new History(seed)
  await history.do(history.disk.makeFolder(folder))
  await history.do(history.disk.syncFolder('/'))
  await history.memory.open([history.id])
  await history.start()
  const steps = history.random.between(10, 60)
  for (let step = 0; step < steps; step += 1) {
    await history.step()
    if (history.disk.isCut) await history.powerCut()
    await history.check()
  }
  if (await history.try(history.local.close())) await history.start()
  await history.check()
  await history.do(history.local.close())
}

test(`${historyCount} random histories of transactions show readers what was committed`, async () => {
  for (let seed = firstHistory; seed < firstHistory + historyCount; seed += 1)
    try {
      await tell(seed)
    } catch (error) {
      throw new Error(`history ${seed}`, { cause: error })
    }
})
