import { deepEqual, equal } from 'node:assert/strict'
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { SeededRandom, SimulatedDisk, Simulation } from '#testing'
import { type Clock, type Disk, type Logger, realClock, realDisk, realRandom } from '#world'
import { append, batchOf, offsetOf, partitionOf, read } from '../engine.suite.ts'
import type { LogConfig, LogEngine } from '../engine.ts'
import { appendInTransaction, markerOf, transactionSuite } from '../transactions.suite.ts'
import { LocalLog } from './local-log.ts'

const silent = () => undefined
const quiet: Logger = { info: silent, warn: silent, error: silent }

const engineOn = (
  folder: string,
  disk: Disk = realDisk,
  clock: Clock = realClock,
  commitLogSize = 0,
): LocalLog =>
  new LocalLog(disk, clock, realRandom, quiet, {
    folder,
    openFilesMax: 100,
    producersMax: 1000,
    freeBytesMin: 0,
    commitLogSize,
    retentionCheckMs: 300_000,
    producerExpirationMs: 86_400_000,
    producerExpirationCheckMs: 600_000,
  })

const temporary = () => mkdtempSync(join(tmpdir(), 'odradek-transactions-'))

const startIn = (segmentBytes?: number) => async () => {
  const folder = temporary()
  const engine = engineOn(folder)
  const open = engine.open.bind(engine)
  if (segmentBytes !== undefined)
    engine.open = (partitions) =>
      open(partitions.map((each) => ({ ...each, config: { ...each.config, segmentBytes } })))
  return {
    engine,
    close: async () => {
      await engine.close()
      rmSync(folder, { recursive: true })
    },
  }
}

transactionSuite('local', startIn())
transactionSuite('local, every batch a segment', startIn(1))

/** Runs a story on a folder that is gone afterwards. */
const inFolder = async (story: (folder: string) => Promise<void>): Promise<void> => {
  const folder = temporary()
  try {
    await story(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const id = partitionOf(0)

const opened = async (folder: string, changes: Partial<LogConfig> = {}): Promise<LocalLog> => {
  const engine = engineOn(folder)
  // The records are older than the markers, and that is no reason here to begin a segment.
  await engine.open([partitionOf(0, { segmentMs: Number.MAX_SAFE_INTEGER, ...changes })])
  return engine
}

/** The files as `kill -9` would leave them: copied while the engine has them open. */
const killed = (folder: string): string => {
  const copy = join(folder, 'killed')
  rmSync(copy, { recursive: true, force: true })
  const files = readdirSync(folder)
  for (const name of files) cpSync(join(folder, name), join(copy, name), { recursive: true })
  return copy
}

const fileOf = (folder: string, ending: string, base = 0): string =>
  join(folder, 'tested-0', `${String(base).padStart(20, '0')}.${ending}`)

/** A committed transaction at 0, an aborted one of producer 8 at 2 to 4, and an open one of 9 at 3. */
const threeTransactions = async (engine: LogEngine): Promise<void> => {
  await appendInTransaction(engine, id, 1, {})
  await engine.appendMarkers([markerOf(id)])
  await appendInTransaction(engine, id, 1, { producerId: 8 })
  await appendInTransaction(engine, id, 1, { producerId: 9, producerEpoch: 3 })
  await engine.appendMarkers([markerOf(id, { producerId: 8, commit: false, coordinatorEpoch: 2 })])
}

/** What an engine knows of them. */
const isKnown = async (engine: LogEngine): Promise<void> => {
  equal(engine.bounds(id)?.lastStable, 3)
  const { topicId, partition } = id
  const open = { topicId, partition, producerId: 9, epoch: 3, firstOffset: 3 }
  deepEqual(engine.openTransactions(), [open])
  const { aborted, lastStable } = await read(engine, id, 2, { committedOnly: true })
  deepEqual(aborted, [{ producerId: 8, firstOffset: 2 }])
  equal(lastStable, 3)
  const states = engine.producers(id).map((each) => [each.producerId, each.coordinatorEpoch])
  deepEqual(states.sort(), [
    [7, 0],
    [8, 2],
    [9, -1],
  ])
}

for (const segmentBytes of [1 << 30, 1])
  test(`transactions are known after a clean stop, with segments of ${segmentBytes} bytes`, () =>
    inFolder(async (folder) => {
      const first = await opened(folder, { segmentBytes })
      await threeTransactions(first)
      await isKnown(first)
      await first.close()
      const second = await opened(folder, { segmentBytes })
      await isKnown(second)
      equal(offsetOf(await append(second, id, batchOf(1))), 5)
      await second.close()
      const third = await opened(folder, { segmentBytes })
      await isKnown(third)
      await third.close()
    }))

for (const segmentBytes of [1 << 30, 1])
  test(`transactions are known after a crash, with segments of ${segmentBytes} bytes`, () =>
    inFolder(async (folder) => {
      const first = await opened(folder, { segmentBytes })
      await threeTransactions(first)
      const second = await opened(killed(folder), { segmentBytes })
      await isKnown(second)
      await first.close()
      await second.close()
    }))

test('a crash after a clean stop keeps what was aborted before that', () =>
  inFolder(async (folder) => {
    const first = await opened(folder)
    await threeTransactions(first)
    await first.close()
    const second = await opened(folder)
    await appendInTransaction(second, id, 1, { producerId: 10 })
    await second.appendMarkers([markerOf(id, { producerId: 10, commit: false })])
    await second.appendMarkers([markerOf(id, { producerId: 9, epoch: 3 })])
    const third = await opened(killed(folder))
    equal(third.bounds(id)?.lastStable, 8)
    deepEqual((await read(third, id, 0, { committedOnly: true })).aborted, [
      { producerId: 8, firstOffset: 2 },
      { producerId: 10, firstOffset: 5 },
    ])
    await second.close()
    await third.close()
  }))

const spoilings: [string, (path: string) => void][] = [
  ['gone', (path) => rmSync(path)],
  ['cut off', (path) => writeFileSync(path, readFileSync(path).subarray(1))],
  ['of another version', (path) => writeFileSync(path, Buffer.alloc(34, 1))],
]
for (const [what, spoil] of spoilings)
  test(`a file of aborted transactions that is ${what} is made again`, () =>
    inFolder(async (folder) => {
      const first = await opened(folder)
      await threeTransactions(first)
      await first.close()
      spoil(fileOf(folder, 'txnindex'))
      const second = await opened(folder)
      await isKnown(second)
      await second.close()
    }))

test('a closed segment whose file of aborted transactions is bad finds them in the log', () =>
  inFolder(async (folder) => {
    const first = await opened(folder, { segmentBytes: 1 })
    await threeTransactions(first)
    await append(first, id, batchOf(1))
    await first.close()
    const index = fileOf(folder, 'txnindex', 4)
    writeFileSync(index, readFileSync(index).subarray(1))
    const second = await opened(folder, { segmentBytes: 1 })
    await isKnown(second)
    await second.close()
  }))

test('the file of aborted transactions is as Kafka has it, and absent without any', () =>
  inFolder(async (folder) => {
    const engine = await opened(folder)
    await appendInTransaction(engine, id, 1, {})
    await engine.appendMarkers([markerOf(id)])
    await engine.close()
    equal(existsSync(fileOf(folder, 'txnindex')), false)
    const again = await opened(folder)
    await appendInTransaction(again, id, 2, { baseSequence: 1 })
    await again.appendMarkers([markerOf(id, { commit: false })])
    await again.close()
    const expected = Buffer.alloc(34)
    const numbers = [7n, 2n, 4n, 5n]
    for (const [index, number] of numbers.entries()) expected.writeBigInt64BE(number, 2 + index * 8)
    deepEqual(readFileSync(fileOf(folder, 'txnindex')), expected)
    // The snapshot names the coordinator, and no open transaction.
    const snapshot = readFileSync(fileOf(folder, 'snapshot', 5))
    equal(snapshot.readInt32BE(10 + 34), 0)
    equal(snapshot.readBigInt64BE(10 + 38), -1n)
  }))

test('a clean stop after a deletion past an open transaction still knows it', () =>
  inFolder(async (folder) => {
    const first = await opened(folder)
    await threeTransactions(first)
    await first.deleteBefore(id, 4)
    equal(first.bounds(id)?.lastStable, 4)
    await first.close()
    const second = await opened(folder)
    equal(second.bounds(id)?.lastStable, 4)
    equal(second.openTransactions()[0]?.firstOffset, 3)
    await second.close()
  }))

test('what the commit log has is not synced again when a transaction commits', async () => {
  const random = new SeededRandom(1)
  const simulation = new Simulation(random.fork())
  const disk = new SimulatedDisk(simulation, random.fork())
  await simulation.until(disk.makeFolder('/data'))
  const engine = engineOn('/data', disk, simulation.clock, 1_000_000)
  const ids = [0, 1, 2, 3, 4].map((partition) => partitionOf(partition))
  await simulation.until(engine.open(ids))
  // The segments have to be there, and the commit log, before anything goes to that.
  for (const baseSequence of [0, 1, 2]) {
    const all = ids.map((each) => appendInTransaction(engine, each, 1, { baseSequence }))
    await simulation.until(Promise.all(all))
    await simulation.pass(1000)
  }
  const { operations } = disk
  await simulation.until(engine.durable(ids))
  await simulation.pass(1000)
  equal(disk.operations, operations)
  await simulation.until(engine.close())
})

test('more aborted transactions than are kept in memory are read from their file', () =>
  inFolder(async (folder) => {
    const count = 5000
    const segmentBytes = 900_000
    const first = await opened(folder, { segmentBytes })
    const done: Promise<unknown>[] = []
    for (let index = 0; index < count; index += 1) {
      done.push(appendInTransaction(first, id, 1, { baseSequence: index }))
      done.push(first.appendMarkers([markerOf(id, { commit: false })]))
    }
    await Promise.all(done)
    const large = batchOf(1, {}).length
    await append(first, id, batchOf(Math.ceil(200_000 / large)))
    equal(first.bounds(id)?.lastStable, first.bounds(id)?.end)
    const middle = count
    const askedFor = { committedOnly: true, bytesMax: 1000 }
    const expected = Array.from({ length: 6 }, (_, index) => ({
      producerId: 7,
      firstOffset: middle + index * 2,
    }))
    deepEqual((await read(first, id, middle, askedFor)).aborted, expected)
    await first.close()
    const second = await opened(folder, { segmentBytes })
    deepEqual((await read(second, id, middle, askedFor)).aborted, expected)
    await second.close()
    equal(readFileSync(fileOf(folder, 'txnindex')).length, count * 34)
  }))
