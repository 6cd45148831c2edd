import { deepEqual, equal, match } from 'node:assert/strict'
import { test } from 'node:test'
import type { ErrorName } from '#model'
import { SeededRandom, SimulatedDisk, Simulation } from '#testing'
import type { Logger } from '#world'
import { append, batchOf, offsetOf, partitionOf, read } from '../engine.suite.ts'
import { LocalLog } from './local-log.ts'

const intervalMs = 120_000
const segmentCount = 6

const damagedAt6 = {
  ...{ topic: 'tested', partition: 0 },
  ...{ file: '/data/tested-0/00000000000000000006.log', position: 0 },
}

/** A log of segments with one batch of three records each, on a disk that can be spoilt. */
class Scrubbed {
  readonly simulation: Simulation
  readonly disk: SimulatedDisk
  readonly errors: string[] = []
  readonly id = partitionOf(0, { segmentBytes: 1, fileDeleteDelayMs: 0 })
  readonly bytesPerSecondMax: number
  log: LocalLog
  #starts = 0

  constructor(bytesPerSecondMax: number) {
    const random = new SeededRandom(7)
    this.simulation = new Simulation(random.fork())
    this.disk = new SimulatedDisk(this.simulation, random.fork())
    this.bytesPerSecondMax = bytesPerSecondMax
    this.log = this.#newLog()
  }

  async fill(): Promise<void> {
    await this.do(this.disk.makeFolder('/data'))
    await this.do(this.log.open([this.id]))
    for (let count = 0; count < segmentCount; count += 1)
      await this.do(append(this.log, this.id, batchOf(3)))
  }

  do<T>(promise: Promise<T>): Promise<T> {
    return this.simulation.until(promise)
  }

  /** Changes one byte of the segment that begins at an offset. */
  async spoil(baseOffset: number): Promise<void> {
    const path = `/data/tested-0/${String(baseOffset).padStart(20, '0')}.log`
    const file = await this.do(this.disk.open(path, 'write'))
    await this.do(file.write([Buffer.from('!')], 80))
  }

  async restart(): Promise<void> {
    await this.do(this.log.close())
    this.#starts += 1
    this.log = this.#newLog()
    await this.do(this.log.open([{ ...this.id, leaderEpoch: this.#starts }]))
  }

  /** The error that a read from an offset ends in. */
  async errorAt(offset: number): Promise<ErrorName | undefined> {
    const { error } = await this.do(read(this.log, this.id, offset))
    return error?.errorName
  }

  #newLog(): LocalLog {
    const silent = () => undefined
    const error = (sentence: string, fields?: object): void => {
      this.errors.push(`${sentence} ${JSON.stringify(fields)}`)
    }
    const logger: Logger = { info: silent, warn: silent, error }
    const { bytesPerSecondMax, simulation, disk } = this
    return new LocalLog(disk, simulation.clock, new SeededRandom(1), logger, {
      folder: '/data',
      openFilesMax: 10,
      producersMax: 100,
      freeBytesMin: 0,
      commitLogSize: 0,
      retentionCheckMs: 300_000,
      producerExpirationMs: 86_400_000,
      producerExpirationCheckMs: 600_000,
      scrub: { bytesPerSecondMax, intervalMs },
    })
  }
}

test('a scrub of a sound log says nothing and changes nothing', async () => {
  const scrubbed = new Scrubbed(1e9)
  await scrubbed.fill()
  await scrubbed.simulation.pass(intervalMs * 3)
  deepEqual(scrubbed.errors, [])
  equal(offsetOf(await scrubbed.do(append(scrubbed.log, scrubbed.id, batchOf(1)))), 18)
  await scrubbed.do(scrubbed.log.close())
})

test('from a batch that the disk has changed on a partition serves and takes nothing', async () => {
  const scrubbed = new Scrubbed(1e9)
  await scrubbed.fill()
  await scrubbed.simulation.pass(intervalMs / 2)
  await scrubbed.spoil(6)
  await scrubbed.simulation.pass(intervalMs)
  equal(scrubbed.errors.length, 1)
  deepEqual(scrubbed.log.figures().damaged, [damagedAt6])
  match(scrubbed.errors[0]!, /damaged.*"file":".*0006.log","position":0,"offset":6/)
  equal(await scrubbed.errorAt(0), undefined)
  const { records, highWatermark } = await scrubbed.do(read(scrubbed.log, scrubbed.id, 3))
  equal(Buffer.concat(records).length, batchOf(3).length)
  equal(highWatermark, 6)
  for (const offset of [6, 7, 12, 18])
    equal(await scrubbed.errorAt(offset), 'KAFKA_STORAGE_ERROR', `at ${offset}`)
  const refused = await scrubbed.do(append(scrubbed.log, scrubbed.id, batchOf(1)))
  equal(refused.error?.errorName, 'KAFKA_STORAGE_ERROR')
  await scrubbed.simulation.pass(intervalMs * 2)
  equal(scrubbed.errors.length, 1)
})

test('the start after a scrub that found damage finds it, too, and nothing is cut', async () => {
  const scrubbed = new Scrubbed(1e9)
  await scrubbed.fill()
  await scrubbed.simulation.pass(intervalMs / 2)
  await scrubbed.spoil(6)
  await scrubbed.simulation.pass(intervalMs)
  await scrubbed.restart()
  equal(await scrubbed.errorAt(3), undefined)
  equal(await scrubbed.errorAt(6), 'KAFKA_STORAGE_ERROR')
  const { damaged, damagedCount } = scrubbed.log.figures()
  deepEqual(damaged, [damagedAt6])
  equal(damagedCount, 1)
  const names = await scrubbed.do(scrubbed.disk.list('/data/tested-0'))
  equal(names.filter((name) => name.endsWith('.log')).length, segmentCount)
})

test('a scrub reads no faster than it may', async () => {
  const { length: size } = batchOf(3)
  const scrubbed = new Scrubbed(size / 60)
  await scrubbed.fill()
  await scrubbed.spoil(9)
  // Three segments are before it, each of which takes a minute.
  await scrubbed.simulation.pass(intervalMs + 2.5 * 60_000)
  deepEqual(scrubbed.errors, [])
  await scrubbed.simulation.pass(60_000)
  equal(scrubbed.errors.length, 1)
})

test('a segment that is deleted while it is read is no damage', async () => {
  const scrubbed = new Scrubbed(1)
  await scrubbed.fill()
  await scrubbed.simulation.pass(intervalMs + 1000)
  await scrubbed.do(scrubbed.log.deleteBefore(scrubbed.id, 15))
  await scrubbed.simulation.pass(600_000)
  await scrubbed.do(scrubbed.log.close())
  deepEqual(scrubbed.errors, [])
})
