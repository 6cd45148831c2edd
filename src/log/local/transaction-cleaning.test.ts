// What a cleaning makes of transactions in files: records that were aborted, markers, and the files that
// tell readers of them.
import { deepEqual, equal } from 'node:assert/strict'
import { test } from 'node:test'
import {
  attributesOf,
  baseOffsetOf,
  batchSizeOf,
  buildBatch,
  deleteHorizonOf,
  isControl,
  recordCountOf,
} from '#records'
import { SeededRandom, SimulatedDisk, Simulation } from '#testing'
import { type Logger, sameThread } from '#world'
import { partitionOf, read } from '../engine.suite.ts'
import { markerOf } from '../transactions.suite.ts'
import { LocalLog } from './local-log.ts'

const folder = '/data'
const deleteRetentionMs = 3000

/** A compacted log on a simulated disk. */
class Tested {
  readonly simulation = new Simulation(new SeededRandom(1))
  readonly disk = new SimulatedDisk(this.simulation, new SeededRandom(2), { latencyMsMax: 0 })
  readonly problems: string[] = []
  readonly id = partitionOf(0, {
    compacted: true,
    deletes: false,
    segmentBytes: 2000,
    deleteRetentionMs,
    minCleanableDirtyRatio: 0,
  })
  readonly #sequences = new Map<number, number>()
  engine = this.#make()

  static async open(): Promise<Tested> {
    const tested = new Tested()
    await tested.do(tested.disk.makeFolder(folder))
    await tested.do(tested.engine.open([tested.id]))
    return tested
  }

  do<T>(promise: Promise<T>): Promise<T> {
    return this.simulation.until(promise)
  }

  async restart(): Promise<void> {
    await this.do(this.engine.close())
    this.engine = this.#make()
    await this.do(this.engine.open([{ ...this.id, leaderEpoch: 1 }]))
  }

  #make(): LocalLog {
    const problem = (sentence: string): void => {
      this.problems.push(sentence)
    }
    const logger: Logger = { info: () => undefined, warn: problem, error: problem }
    const { clock } = this.simulation
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
    const threads = sameThread(this.disk, clock)
    return new LocalLog(this.disk, clock, new SeededRandom(3), logger, settings, threads)
  }

  /** Appends a record of a key, in a transaction where a producer is named. */
  async put(key: string, producerId?: number): Promise<void> {
    const timestampMs = this.simulation.clock.nowMs()
    const value = Buffer.from('v'.repeat(100))
    const baseSequence = this.#sequences.get(producerId ?? -1) ?? 0
    this.#sequences.set(producerId ?? -1, baseSequence + 1)
    const ofProducer = { producerId: producerId!, producerEpoch: 0, baseSequence }
    const records = buildBatch(
      [{ timestampMs, key: Buffer.from(key), value }],
      producerId === undefined ? {} : { ...ofProducer, isTransactional: true },
    )
    const transaction = { version: 1 as const, guard: () => null }
    const { topicId, partition } = this.id
    const how = { acks: -1, zstdAllowed: true, timeoutMs: 1e9 } as const
    const appends = [{ topicId, partition, records, transaction }]
    const [outcome] = await this.do(this.engine.append(appends, how))
    equal(outcome!.error, undefined)
  }

  async end(producerId: number, commit: boolean): Promise<void> {
    const marker = markerOf(this.id, { producerId, commit })
    deepEqual(await this.do(this.engine.appendMarkers([marker])), [null])
  }

  /** Plain records, so that what is before them is in closed segments. */
  async fill(): Promise<void> {
    for (let count = 0; count < 15; count += 1) await this.put('filler')
  }

  /** The batches below an offset: `2`, with `m` a marker, `h` a delete horizon and `e` no record. */
  async batches(upTo: number): Promise<string[]> {
    const found: string[] = []
    for (let offset = 0; offset < upTo; ) {
      const { records } = await this.do(read(this.engine, this.id, offset))
      const bytes = Buffer.concat(records)
      for (let start = 0; start < bytes.length; start += batchSizeOf(bytes, start)) {
        const base = baseOffsetOf(bytes, start)
        const marks = [
          isControl(attributesOf(bytes, start)) ? 'm' : '',
          deleteHorizonOf(bytes, start) === undefined ? '' : 'h',
          recordCountOf(bytes, start) === 0 ? 'e' : '',
        ]
        if (base < upTo) found.push(`${base}${marks.join('')}`)
        offset = base + 1
      }
    }
    return found
  }

  async transactionIndexes(): Promise<string[]> {
    const names = await this.do(this.disk.list(`${folder}/tested-0`))
    return names.filter((name) => name.endsWith('.txnindex'))
  }
}

test('aborted records go at once, their marker when its time has come, and the file with it', async () => {
  const tested = await Tested.open()
  await tested.put('a')
  await tested.put('a', 7)
  await tested.put('b', 8)
  await tested.end(7, false)
  await tested.end(8, true)
  await tested.put('c', 7)
  await tested.end(7, true)
  await tested.fill()
  equal((await tested.transactionIndexes()).length, 1)
  equal(await tested.do(tested.engine.compact()), 1)
  deepEqual(await tested.batches(7), ['0', '2', '3m', '4m', '5', '6m'])
  equal((await tested.transactionIndexes()).length, 1)
  await tested.restart()
  const { aborted } = await tested.do(read(tested.engine, tested.id, 0, { committedOnly: true }))
  deepEqual(aborted, [{ producerId: 7, firstOffset: 1 }])
  await tested.fill()
  equal(await tested.do(tested.engine.compact()), 1)
  deepEqual(await tested.batches(7), ['0', '2', '3mh', '4m', '5', '6m'])
  await tested.simulation.pass(deleteRetentionMs)
  equal((await tested.transactionIndexes()).length, 0)
  await tested.fill()
  equal(await tested.do(tested.engine.compact()), 1)
  deepEqual(await tested.batches(7), ['0', '2', '4m', '5', '6m'])
  deepEqual(tested.problems, [])
  await tested.do(tested.engine.close())
})

test('nothing in or behind the segment of an open transaction is cleaned', async () => {
  const tested = await Tested.open()
  await tested.put('a')
  await tested.fill()
  await tested.put('a', 7)
  await tested.put('a')
  await tested.fill()
  const before = await tested.batches(33)
  await tested.do(tested.engine.compact())
  const open = await tested.batches(33)
  deepEqual(open.slice(-16), before.slice(-16))
  await tested.end(7, true)
  await tested.fill()
  equal(await tested.do(tested.engine.compact()), 1)
  const ended = await tested.batches(33)
  deepEqual(
    ended.filter((each) => !each.endsWith('e')),
    ['17'],
    'the first record of the key is gone, and all but the last of the filler',
  )
  deepEqual(tested.problems, [])
  await tested.do(tested.engine.close())
})
