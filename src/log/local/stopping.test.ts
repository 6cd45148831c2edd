import { ok } from 'node:assert/strict'
import { test } from 'node:test'
import { SeededRandom, SimulatedDisk, Simulation } from '#testing'
import type { Logger } from '#world'
import { append, batchOf, partitionOf } from '../engine.suite.ts'
import { LocalLog } from './local-log.ts'

const silent = () => undefined
const quiet: Logger = { info: silent, warn: silent, error: silent }

test('a topic that is deleted at any moment of a stop does not keep it from being a clean one', async () => {
  for (let moment = 0; moment < 60; moment += 1) {
    const random = new SeededRandom(moment)
    const simulation = new Simulation(random.fork())
    const disk = new SimulatedDisk(simulation, random.fork())
    await simulation.until(disk.makeFolder('/data'))
    const log = new LocalLog(disk, simulation.clock, random.fork(), quiet, {
      folder: '/data',
      openFilesMax: 10,
      producersMax: 100,
      freeBytesMin: 0,
      commitLogSize: 0,
      retentionCheckMs: 300_000,
      producerExpirationMs: 86_400_000,
      producerExpirationCheckMs: 600_000,
    })
    const partitions = [0, 1, 2].map((partition) => partitionOf(partition))
    await simulation.until(log.open(partitions))
    for (const id of partitions) await simulation.until(append(log, id, batchOf(2)))
    const closed = log.close()
    await simulation.pass(moment / 10)
    void log.drop(partitions.slice(1))
    await simulation.until(closed)
    const names = await simulation.until(disk.list('/data'))
    ok(names.includes('.kafka_cleanshutdown'), `dropped after ${moment / 10} ms`)
  }
})
