import { deepEqual, equal } from 'node:assert/strict'
import { test } from 'node:test'
import { SeededRandom, SimulatedDisk, Simulation } from '#testing'
import type { Logger } from '#world'
import { append, batchOf, partitionOf } from '../engine.suite.ts'
import type { LogConfig } from '../engine.ts'
import { LocalLog } from './local-log.ts'

const hourMs = 3_600_000
const retentionCheckMs = 300_000

/** A log with one batch a segment, each so many hours old, after one look for old segments. */
const checkedLog = async (hours: readonly number[], config: Partial<LogConfig>) => {
  const random = new SeededRandom(1)
  const simulation = new Simulation(random.fork())
  const disk = new SimulatedDisk(simulation, random.fork())
  await simulation.until(disk.makeFolder('/data'))
  const problems: string[] = []
  const problem = (sentence: string): void => {
    problems.push(sentence)
  }
  const logger: Logger = { info: () => undefined, warn: problem, error: problem }
  const log = new LocalLog(disk, simulation.clock, random.fork(), logger, {
    folder: '/data',
    openFilesMax: 10,
    producersMax: 100,
    freeBytesMin: 0,
    commitLogSize: 0,
    retentionCheckMs,
    producerExpirationMs: 86_400_000,
    producerExpirationCheckMs: 600_000,
  })
  const id = partitionOf(0, { segmentBytes: 1, ...config })
  await simulation.until(log.open([id]))
  for (const hour of hours) {
    const batch = batchOf(1, {}, simulation.clock.nowMs() - hour * hourMs)
    await simulation.until(append(log, id, batch))
  }
  await simulation.pass(retentionCheckMs)
  return { log, id, simulation, problems }
}

test('an old segment goes in the same check as the young one before it that goes by size', async () => {
  const { length: size } = batchOf(1)
  const { log, id } = await checkedLog([0, 9, 9, 0], {
    retentionBytes: 3 * size,
    retentionMs: hourMs,
  })
  equal(log.bounds(id)!.logStart, 3)
})

test('a time is looked for in vain in a log that retention has emptied', async () => {
  const { log, id, simulation, problems } = await checkedLog([9, 9], { retentionMs: hourMs })
  equal(log.bounds(id)!.logStart, 2)
  equal(await simulation.until(log.firstSince(id, 0, false)), undefined)
  equal(await simulation.until(log.newest(id, false)), undefined)
  deepEqual(problems, [])
})

test('a cleaning makes a segment without records no younger', async () => {
  const compacted = { compacted: true, minCleanableDirtyRatio: 0, retentionMs: hourMs }
  const { log, id, simulation } = await checkedLog([0, 0, 0], compacted)
  await simulation.pass(hourMs / 2)
  equal(await simulation.until(log.compact()), 1)
  await simulation.pass(hourMs / 2)
  equal(log.bounds(id)!.logStart, 3)
})
