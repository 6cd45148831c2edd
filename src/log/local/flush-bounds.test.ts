import { equal } from 'node:assert/strict'
import { test } from 'node:test'
import { SeededRandom, SimulatedDisk, Simulation } from '#testing'
import { append, batchOf, offsetOf, partitionOf } from '../engine.suite.ts'
import type { LogConfig } from '../engine.ts'
import { LocalLog } from './local-log.ts'

const silent = () => undefined

/** A partition under `flush=os` on a simulated disk. */
const start = async (changes: Partial<LogConfig>) => {
  const random = new SeededRandom('flush')
  const simulation = new Simulation(random)
  const disk = new SimulatedDisk(simulation, random)
  const engine = new LocalLog(
    disk,
    simulation.clock,
    random,
    { info: silent, warn: silent, error: silent },
    {
      folder: '/',
      openFilesMax: 100,
      freeBytesMin: 0,
      commitLogSize: 0,
      producersMax: 1000,
      retentionCheckMs: 300_000,
      producerExpirationMs: 86_400_000,
      producerExpirationCheckMs: 600_000,
    },
  )
  const id = partitionOf(0, { flush: 'os', ...changes })
  await simulation.until(engine.open([id]))
  return {
    id,
    simulation,
    append: async () => offsetOf(await simulation.until(append(engine, id, batchOf(1)))),
    durableEnd: () => engine.bounds(id)?.durableEnd,
  }
}

test('flush.messages bounds how many records are left to the system', async () => {
  const log = await start({ flushMessages: 3 })
  for (let offset = 0; offset < 2; offset += 1) equal(await log.append(), offset)
  await log.simulation.pass(1000)
  equal(log.durableEnd(), 0)
  await log.append()
  await log.simulation.pass(1000)
  equal(log.durableEnd(), 3)
})

test('flush.ms bounds how long records are left to the system', async () => {
  const log = await start({ flushMs: 500 })
  await log.append()
  await log.simulation.pass(400)
  equal(log.durableEnd(), 0)
  await log.simulation.pass(200)
  equal(log.durableEnd(), 1)
})
