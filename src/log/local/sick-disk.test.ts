// A disk that fails, simulated: what a failed sync has lost, and what a full disk refuses.
import { deepEqual, equal, rejects } from 'node:assert/strict'
import { test } from 'node:test'
import { type Faults, SeededRandom, SimulatedDisk, Simulation } from '#testing'
import type { Logger } from '#world'
import {
  append,
  batchesOf,
  batchOf,
  offsetOf,
  partitionOf,
  read,
  refusedWith,
} from '../engine.suite.ts'
import { appendInTransaction, markerOf } from '../transactions.suite.ts'
import { LocalLog } from './local-log.ts'

const silent = () => undefined
const quiet: Logger = { info: silent, warn: silent, error: silent }
const id = partitionOf(0)

/** A machine whose disk fails as `sick.faults` says at the time. */
class Machine {
  simulation: Simulation
  disk: SimulatedDisk
  readonly sick: { faults: Faults } = { faults: () => undefined }
  readonly #random = new SeededRandom('sick')

  constructor(capacity?: number) {
    this.simulation = new Simulation(this.#random.fork())
    this.disk = new SimulatedDisk(this.simulation, this.#random.fork(), {
      faults: (operation, path) => this.sick.faults(operation, path),
      ...(capacity === undefined ? {} : { capacity }),
    })
  }

  async start(): Promise<LocalLog> {
    const engine = new LocalLog(this.disk, this.simulation.clock, this.#random.fork(), quiet, {
      folder: '/',
      openFilesMax: 100,
      freeBytesMin: 0,
      commitLogSize: 0,
      producersMax: 1000,
      retentionCheckMs: 300_000,
      producerExpirationMs: 86_400_000,
      producerExpirationCheckMs: 600_000,
    })
    await this.simulation.until(engine.open([id]))
    return engine
  }

  /** The power goes, and comes again. */
  cut(): void {
    this.simulation = new Simulation(this.#random.fork())
    this.disk = this.disk.cut(this.simulation)
  }

  append(engine: LocalLog, count = 1) {
    return this.simulation.until(append(engine, id, batchOf(count)))
  }

  async batches(engine: LocalLog): Promise<number> {
    const { records } = await this.simulation.until(read(engine, id, 0))
    return batchesOf(records).length
  }
}

const syncOfSegment: Faults = (operation, path) =>
  operation === 'sync' && path.endsWith('.log') ? 'EIO' : undefined

test('after a failed sync nothing more is acknowledged, and what was is there after a cut', async () => {
  const machine = new Machine()
  const engine = await machine.start()
  equal(offsetOf(await machine.append(engine)), 0)
  machine.sick.faults = syncOfSegment
  refusedWith(await machine.append(engine), 'KAFKA_STORAGE_ERROR')
  // The next sync would succeed without writing anything.
  machine.sick.faults = () => undefined
  refusedWith(await machine.append(engine), 'KAFKA_STORAGE_ERROR')
  machine.cut()
  const recovered = await machine.start()
  equal(recovered.bounds(id)?.highWatermark, 1)
  equal(await machine.batches(recovered), 1)
})

test('what a start finds only in the page cache it writes again before anybody sees it', async () => {
  const machine = new Machine()
  const engine = await machine.start()
  await machine.append(engine)
  machine.sick.faults = syncOfSegment
  await machine.append(engine)
  machine.sick.faults = () => undefined
  // The process starts anew, the machine does not: the pages are there, and count as clean.
  const again = await machine.start()
  equal(again.bounds(id)?.highWatermark, 2)
  machine.cut()
  const recovered = await machine.start()
  equal(recovered.bounds(id)?.highWatermark, 2)
  equal(await machine.batches(recovered), 2)
})

test('a full disk refuses what does not fit, keeps the rest, and takes records again', async () => {
  const machine = new Machine(64 * 1024 * 1024)
  const engine = await machine.start()
  equal(offsetOf(await machine.append(engine)), 0)
  const ballast = await machine.simulation.until(machine.disk.open('/ballast', 'create'))
  const room = await machine.simulation.until(machine.disk.freeBytes('/'))
  await machine.simulation.until(ballast.write([Buffer.alloc(room - 100)], 0))
  refusedWith(await machine.append(engine, 50), 'KAFKA_STORAGE_ERROR')
  equal(await machine.batches(engine), 1)
  await machine.simulation.until(machine.disk.remove('/ballast'))
  await machine.simulation.pass(60_000)
  equal(offsetOf(await machine.append(engine, 50)), 1)
  machine.cut()
  const recovered = await machine.start()
  equal(recovered.bounds(id)?.highWatermark, 51)
})

test('a marker whose sync failed has decided nothing, and no transaction may be decided then', async () => {
  const machine = new Machine()
  const engine = await machine.start()
  await machine.simulation.until(appendInTransaction(engine, id, 1, {}))
  machine.sick.faults = syncOfSegment
  const marking = machine.simulation.until(engine.appendMarkers([markerOf(id)]))
  deepEqual(await marking, ['KAFKA_STORAGE_ERROR'])
  equal(engine.bounds(id)?.lastStable, 0)
  const durable = machine.simulation.until(engine.durable([id]))
  await rejects(durable, { errorName: 'KAFKA_STORAGE_ERROR' })
  machine.sick.faults = () => undefined
  machine.cut()
  const recovered = await machine.start()
  equal(recovered.bounds(id)?.lastStable, 0)
  equal(recovered.openTransactions().length, 1)
})

test('a transaction that a full disk has stopped is ended once there is room', async () => {
  const machine = new Machine(64 * 1024 * 1024)
  const engine = await machine.start()
  await machine.simulation.until(appendInTransaction(engine, id, 1, {}))
  const ballast = await machine.simulation.until(machine.disk.open('/ballast', 'create'))
  const room = await machine.simulation.until(machine.disk.freeBytes('/'))
  await machine.simulation.until(ballast.write([Buffer.alloc(room)], 0))
  const more = appendInTransaction(engine, id, 50, { baseSequence: 1 })
  refusedWith(await machine.simulation.until(more), 'KAFKA_STORAGE_ERROR')
  const marker = markerOf(id, { commit: false })
  const marked = await machine.simulation.until(engine.appendMarkers([marker]))
  deepEqual(marked, ['KAFKA_STORAGE_ERROR'])
  await machine.simulation.until(machine.disk.remove('/ballast'))
  await machine.simulation.pass(60_000)
  equal(engine.bounds(id)?.lastStable, 0)
  deepEqual(await machine.simulation.until(engine.appendMarkers([marker])), [null])
  equal(engine.bounds(id)?.lastStable, 2)
  const committed = read(engine, id, 0, { committedOnly: true })
  const { aborted } = await machine.simulation.until(committed)
  deepEqual(aborted, [{ producerId: 7, firstOffset: 0 }])
})
