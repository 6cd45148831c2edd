import { deepEqual, equal, ok } from 'node:assert/strict'
import { test } from 'node:test'
import { SeededRandom, Simulation } from '#testing'
import { realClock } from '#world'
import {
  append,
  batchesOf,
  batchOf,
  engineSuite,
  offsetOf,
  partitionOf,
  read,
} from '../engine.suite.ts'
import { transactionSuite } from '../transactions.suite.ts'
import { MemoryLog } from './memory-log.ts'

const start = async () => {
  const engine = new MemoryLog(realClock, { producersMax: 100, retentionCheckMs: 300_000 })
  return { engine, close: () => engine.close() }
}
engineSuite('memory', start)
transactionSuite('memory', start)

test('what is due is compacted from time to time, and readers find the next batch in the gaps', async () => {
  const simulation = new Simulation(new SeededRandom(1))
  const cleaner = {
    threads: 1,
    dedupeBufferSize: 1e6,
    loadFactor: 0.9,
    bytesPerSecondMax: Number.MAX_VALUE,
    backoffMs: 1000,
  }
  const engine = new MemoryLog(simulation.clock, {
    producersMax: 100,
    retentionCheckMs: 1e9,
    cleaner,
  })
  const id = partitionOf(0, { compacted: true, segmentBytes: 300 })
  await engine.open([id])
  for (let count = 0; count < 8; count += 1) offsetOf(await append(engine, id, batchOf(2)))
  equal(batchesOf((await read(engine, id, 0)).records).length, 8)
  await simulation.pass(1000)
  const left = batchesOf((await read(engine, id, 0)).records)
  ok(left.length < 8)
  equal(left.at(-1)?.[0], 14)
  deepEqual(batchesOf((await read(engine, id, 1)).records), left)
  equal(engine.bounds(id)?.end, 16)
  await engine.close()
})
