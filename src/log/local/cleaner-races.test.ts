// Cleanings that run while records come, segments go, the config changes and the engine stops: whatever
// comes first, no record is lost that has to be there, and none comes back.
import { deepEqual, equal, ok } from 'node:assert/strict'
import { test } from 'node:test'
import { buildBatch } from '#records'
import { SeededRandom, SimulatedDisk, Simulation } from '#testing'
import { type Logger, sameThread } from '#world'
import { append, configOf, offsetOf, partitionOf } from '../engine.suite.ts'
import type { OpenPartition } from '../engine.ts'
import { readAll, type SeenRecord } from '../log-model.suite.ts'
import { LocalLog } from './local-log.ts'

const raceCount = Number(process.env.RACES ?? 40)
const folder = '/data'
const silent = () => undefined

const race = async (seed: number): Promise<number> => {
  const random = new SeededRandom(seed)
  const simulation = new Simulation(random.fork())
  const disk = new SimulatedDisk(simulation, random.fork(), {
    latencyMsMax: random.pick([0, 2, 20]),
  })
  const problems: string[] = []
  const problem = (sentence: string, fields?: object): void => {
    problems.push(`${sentence} ${JSON.stringify(fields)}`)
  }
  const logger: Logger = { info: silent, warn: silent, error: problem }
  const deletes = random.chance(0.5)
  let id: OpenPartition = partitionOf(0, {
    compacted: true,
    deletes,
    retentionMs: deletes ? 3000 : -1,
    segmentBytes: random.pick([1, 300, 800]),
    minCleanableDirtyRatio: 0,
    fileDeleteDelayMs: random.pick([0, 500]),
  })
  let starts = 0
  const start = async (): Promise<LocalLog> => {
    const settings = {
      folder,
      openFilesMax: random.pick([3, 20]),
      producersMax: 100,
      producerExpirationMs: 1e9,
      producerExpirationCheckMs: 1e9,
      freeBytesMin: 0,
      commitLogSize: 0,
      retentionCheckMs: 100,
    }
    const threads = sameThread(disk, simulation.clock)
    const engine = new LocalLog(disk, simulation.clock, random.fork(), logger, settings, threads)
    await simulation.until(engine.open([{ ...id, leaderEpoch: starts }]))
    starts += 1
    return engine
  }
  await simulation.until(disk.makeFolder(folder))
  let engine = await start()
  const sent: SeenRecord[] = []
  let cleaned = 0
  let cleaning: Promise<unknown> = Promise.resolve()
  const check = async (): Promise<void> => {
    const { logStart, end } = engine.bounds(id)!
    const seen = (await simulation.until(readAll(engine, id))).filter(
      ({ offset }) => offset >= engine.bounds(id)!.logStart,
    )
    for (const record of seen) deepEqual(record, sent[record.offset])
    const offsets = seen.map(({ offset }) => offset)
    deepEqual(
      offsets,
      [...new Set(offsets)].sort((a, b) => a - b),
    )
    const lasts = new Map(sent.slice(0, end).map((record) => [record.key, record.offset]))
    // What came while this was read is not looked for; what retention took meanwhile neither.
    const from = Math.max(logStart, engine.bounds(id)!.logStart)
    for (const [key, offset] of lasts)
      if (offset >= from) ok(offsets.includes(offset), `${key} at ${offset} is lost`)
  }
  for (let step = 0; step < 40; step += 1) {
    const draw = random.below(20)
    if (draw < 10) {
      const records = Array.from({ length: random.between(1, 4) }, () => ({
        timestampMs: simulation.clock.nowMs(),
        key: `k${random.below(5)}`,
        value: 'v'.repeat(random.below(90)),
      }))
      const buffers = records.map(({ timestampMs, key, value }) => ({
        timestampMs,
        key: Buffer.from(key),
        value: Buffer.from(value),
      }))
      equal(offsetOf(await simulation.until(append(engine, id, buildBatch(buffers)))), sent.length)
      for (const record of records) sent.push({ ...record, offset: sent.length })
    } else if (draw < 15) {
      cleaning = Promise.all([cleaning, engine.compact().then((count) => (cleaned += count))])
    } else if (draw < 17) await simulation.pass(random.between(0, 900))
    else if (draw < 18) {
      const compacted = random.chance(0.8)
      id = { ...id, config: configOf({ ...id.config, compacted }) }
      engine.configure(id, id.config)
    } else if (draw < 19) {
      const { logStart, highWatermark } = engine.bounds(id)!
      const offset = random.between(logStart, highWatermark)
      await simulation.until(engine.deleteBefore(id, offset))
    } else {
      await simulation.until(engine.close())
      engine = await start()
    }
    await check()
  }
  await simulation.until(cleaning)
  await check()
  await simulation.until(engine.close())
  engine = await start()
  await check()
  await simulation.until(engine.close())
  deepEqual(problems, [])
  return cleaned
}

test(`cleanings race with everything else (${raceCount} times)`, async () => {
  let cleaned = 0
  for (let seed = 1; seed <= raceCount; seed += 1)
    try {
      cleaned += await race(seed)
    } catch (error) {
      throw new Error(`race ${seed}`, { cause: error })
    }
  ok(cleaned > raceCount, `${cleaned} cleanings`)
})
