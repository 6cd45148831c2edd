import { equal } from 'node:assert/strict'
import { test } from 'node:test'
import { SeededRandom, SimulatedDisk, Simulation } from '#testing'
import { CommitLog, encodeEntry } from './commit-log.ts'

const silent = () => undefined
const entry = () =>
  encodeEntry([
    {
      topicId: 'AAAAAAAAAAAAAAAAAAAACg',
      partition: 0,
      baseOffset: 0,
      position: 0,
      chunks: [Buffer.alloc(1000)],
      size: 1000,
    },
  ])

test('a half is written anew only when what it covers is in the segments, after its first turn too', async () => {
  const random = new SeededRandom(1)
  const simulation = new Simulation(random.fork())
  const disk = new SimulatedDisk(simulation, random.fork())
  await simulation.until(disk.makeFolder('/data'))
  const logger = { info: silent, warn: silent, error: silent }
  const log = new CommitLog(disk, logger, '/data', 5000)
  const { length: size } = entry()
  equal(log.hasRoom(size), false)
  equal(log.fill, 0)
  await simulation.pass(1000)
  const append = () => simulation.until(log.append(entry()))
  for (const ended of [undefined, undefined, 0, undefined] as const) {
    equal(log.hasRoom(size), true)
    equal(await append(), ended)
  }
  equal(log.hasRoom(size), false)
  equal(log.fill > 0.5 + size / 5000, true)
  equal(log.writtenBytes, 4 * size)
  log.release(0)
  equal(log.fill < 0.5, true)
  equal(log.hasRoom(size), true)
  equal(await append(), 1)
  await append()
  equal(log.hasRoom(size), false)
  await simulation.until(log.close())
})
