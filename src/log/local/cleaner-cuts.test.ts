// The power goes at some disk operation of a compaction: what the next start finds is the log as it was, or
// as it was going to be, and no mixture that loses or invents a record.
import { deepEqual, equal, ok } from 'node:assert/strict'
import { test } from 'node:test'
import { buildBatch, Codec } from '#records'
import { SeededRandom, SimulatedDisk, Simulation } from '#testing'
import { type Logger, sameThread } from '#world'
import { append, offsetOf, partitionOf } from '../engine.suite.ts'
import type { OpenPartition } from '../engine.ts'
import { readAll, type SeenRecord } from '../log-model.suite.ts'
import { LocalLog } from './local-log.ts'

const cutCount = Number(process.env.CUTS ?? 60)
const folder = '/data'
const silent = () => undefined
const logger: Logger = { info: silent, warn: silent, error: silent }

/** Takes the simulation on, without letting time pass, until a promise settles or nothing more happens. */
const during = async <T>(simulation: Simulation, promise: Promise<T>): Promise<T | undefined> => {
  let result: { value: T } | undefined
  let isSettled = false
  promise.then(
    (value) => {
      result = { value }
      isSettled = true
    },
    () => {
      isSettled = true
    },
  )
  const deadlineMs = performance.now() + 10_000
  for (let idle = 0; !isSettled && idle < 50 && performance.now() < deadlineMs; idle += 1)
    await simulation.pass(0)
  for (let turns = 0; !isSettled && turns < 5; turns += 1)
    await new Promise((resolve) => setTimeout(resolve, 1))
  if (isSettled && !result) await promise
  return result?.value
}

class Machine {
  readonly random: SeededRandom
  simulation: Simulation
  disk: SimulatedDisk
  id: OpenPartition
  engine!: LocalLog

  constructor(seed: number) {
    this.random = new SeededRandom(seed)
    this.simulation = new Simulation(this.random.fork())
    this.disk = new SimulatedDisk(this.simulation, this.random.fork(), { latencyMsMax: 0 })
    this.id = partitionOf(0, {
      compacted: true,
      segmentBytes: this.random.pick([300, 600]),
      deleteRetentionMs: 0,
      fileDeleteDelayMs: 0,
      minCleanableDirtyRatio: 0,
    })
  }

  do<T>(promise: Promise<T>): Promise<T> {
    return this.simulation.until(promise)
  }

  async start(epoch: number): Promise<void> {
    const { disk, simulation } = this
    const settings = {
      folder,
      openFilesMax: 20,
      producersMax: 100,
      producerExpirationMs: 1e9,
      producerExpirationCheckMs: 1e9,
      freeBytesMin: 0,
      commitLogSize: 0,
      retentionCheckMs: 1e9,
    }
    const threads = sameThread(disk, simulation.clock)
    const { clock } = simulation
    this.engine = new LocalLog(disk, clock, this.random.fork(), logger, settings, threads)
    await this.do(this.engine.open([{ ...this.id, leaderEpoch: epoch }]))
  }

  async fill(count: number): Promise<void> {
    for (let batch = 0; batch < count; batch += 1) {
      const records = Array.from({ length: 3 }, () => ({
        timestampMs: this.simulation.clock.nowMs(),
        key: Buffer.from(`k${this.random.below(6)}`),
        value: this.random.chance(0.2) ? null : Buffer.from('v'.repeat(this.random.below(80))),
      }))
      const options = { codec: this.random.pick([Codec.none, Codec.snappy, Codec.lz4]) }
      offsetOf(await this.do(append(this.engine, this.id, buildBatch(records, options))))
    }
  }

  /** Until just before the cleaning that is to be cut. */
  async prepare(): Promise<void> {
    await this.do(this.disk.makeFolder(folder))
    await this.do(this.disk.syncFolder('/'))
    await this.start(0)
    await this.fill(6)
    await this.do(this.engine.compact())
    await this.fill(6)
    await this.simulation.pass(1000)
  }

  records(): Promise<SeenRecord[]> {
    return this.do(readAll(this.engine, this.id))
  }
}

const lastOf = (records: readonly SeenRecord[]): Map<string | null, SeenRecord> =>
  new Map(records.map((record) => [record.key, record]))

const cutOnce = async (seed: number): Promise<'before' | 'after' | 'between'> => {
  const whole = new Machine(seed)
  await whole.prepare()
  const before = await whole.records()
  const from = whole.disk.operations
  equal(await whole.do(whole.engine.compact()), 1)
  await whole.simulation.pass(1000)
  const to = whole.disk.operations
  const after = await whole.records()
  await whole.do(whole.engine.close())

  const machine = new Machine(seed)
  await machine.prepare()
  const draw = new SeededRandom(`cut ${seed}`)
  machine.disk.cutAt = draw.between(from + 1, to)
  await during(machine.simulation, machine.engine.compact())
  await machine.simulation.pass(1000)
  machine.simulation = new Simulation(draw.fork())
  machine.disk = machine.disk.cut(machine.simulation)
  await machine.start(1)
  const found = await machine.records()
  const bounds = machine.engine.bounds(machine.id)!
  equal(bounds.damaged, false)
  equal(bounds.end, 36)
  const offsets = found.map(({ offset }) => offset)
  deepEqual(
    offsets,
    [...new Set(offsets)].sort((a, b) => a - b),
  )
  for (const record of found)
    deepEqual(
      record,
      before.find(({ offset }) => offset === record.offset),
    )
  for (const record of after) ok(offsets.includes(record.offset), `${record.offset} is lost`)
  // Of each key its last record is there, or nothing when that was a tombstone.
  for (const last of lastOf(before).values())
    if (last.value !== null || lastOf(found).has(last.key))
      deepEqual(lastOf(found).get(last.key), last)
  await machine.fill(2)
  await machine.do(machine.engine.compact())
  await machine.do(machine.engine.close())
  await machine.start(2)
  equal(machine.engine.bounds(machine.id)?.end, 42)
  await machine.records()
  await machine.do(machine.engine.close())
  if (found.length === before.length) return 'before'
  return found.length === after.length ? 'after' : 'between'
}

test(`a power cut at any operation of a cleaning loses and invents nothing (${cutCount} cuts)`, async () => {
  const seen = { before: 0, after: 0, between: 0 }
  for (let seed = 1; seed <= cutCount; seed += 1)
    try {
      seen[await cutOnce(seed)] += 1
    } catch (error) {
      throw new Error(`cut ${seed}`, { cause: error })
    }
  // Groups are swapped one after the other, so that some of a cleaning may be there and some not.
  ok(seen.before > 0 && seen.after > 0, JSON.stringify(seen))
})
