// What a start does when files are not what they were: it says so, keeps what is whole, and never takes
// what is left for all there was.
import { equal } from 'node:assert/strict'
import { appendFileSync, cpSync, mkdtempSync, rmSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { buildBatch } from '#records'
import { type Logger, realClock, realDisk, realRandom } from '#world'
import { append, batchOf, offsetOf, partitionOf, read, refusedWith } from '../engine.suite.ts'
import { LocalLog } from './local-log.ts'

const engineOn = (folder: string, errors: string[] = []): LocalLog => {
  const silent = () => undefined
  const logger: Logger = { info: silent, warn: silent, error: (text) => errors.push(text) }
  return new LocalLog(realDisk, realClock, realRandom, logger, {
    folder,
    openFilesMax: 100,
    freeBytesMin: 0,
    commitLogSize: 0,
    producersMax: 1000,
    retentionCheckMs: 300_000,
    producerExpirationMs: 86_400_000,
    producerExpirationCheckMs: 600_000,
  })
}

const inFolder = async (story: (folder: string) => Promise<void>): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), 'odradek-lost-'))
  try {
    await story(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const segmentOf = (folder: string, base: number): string =>
  join(folder, 'tested-0', `${String(base).padStart(20, '0')}.log`)

/** Two segments: offsets 0 to 2, and 3 to 5 in the newest. */
const id = partitionOf(0, { segmentBytes: batchOf(3).length + 10 })
const written = async (folder: string): Promise<void> => {
  const engine = engineOn(folder)
  await engine.open([id])
  for (let batch = 0; batch < 2; batch += 1) await append(engine, id, batchOf(3))
  await engine.close()
}

const ways: [string, number, (folder: string) => void][] = [
  ['its newest segment is empty', 3, (folder) => truncateSync(segmentOf(folder, 3), 0)],
  ['its newest segment is gone', 3, (folder) => rmSync(segmentOf(folder, 3))],
  ['its newest segment ends earlier', 3, (folder) => truncateSync(segmentOf(folder, 3), 80)],
  ['its folder is gone', 0, (folder) => rmSync(join(folder, 'tested-0'), { recursive: true })],
]
for (const [what, end, lose] of ways)
  test(`a partition says at every start that records are lost when ${what}`, () =>
    inFolder(async (folder) => {
      await written(folder)
      lose(folder)
      for (let start = 0; start < 3; start += 1) {
        const errors: string[] = []
        const engine = engineOn(folder, errors)
        await engine.open([id])
        equal(errors.length, 1)
        equal(engine.bounds(id)?.highWatermark, end)
        equal((await read(engine, id, 0)).recordsSize, end === 0 ? 0 : batchOf(3).length)
        equal((await read(engine, id, end)).error?.errorName, 'KAFKA_STORAGE_ERROR')
        refusedWith(await append(engine, id, batchOf(1)), 'KAFKA_STORAGE_ERROR')
        await engine.close()
      }
    }))

test('a segment that is gone from the middle is named, and the others are served', () =>
  inFolder(async (folder) => {
    await written(folder)
    rmSync(segmentOf(folder, 0))
    const errors: string[] = []
    const engine = engineOn(folder, errors)
    await engine.open([id])
    equal(errors.length, 1)
    equal(engine.bounds(id)?.logStart, 3)
    equal(offsetOf(await append(engine, id, batchOf(1))), 6)
    await engine.close()
  }))

test('a topic that is made again after its folder was lost begins anew', () =>
  inFolder(async (folder) => {
    await written(folder)
    rmSync(join(folder, 'tested-0'), { recursive: true })
    const engine = engineOn(folder)
    await engine.open([id])
    await engine.drop([id])
    const next = { ...id, topicId: 'AAAAAAAAAAAAAAAAAAAABB' }
    await engine.open([next])
    equal(offsetOf(await append(engine, next, batchOf(1))), 0)
    await engine.close()
    const again = engineOn(folder)
    await again.open([next])
    equal(again.bounds(next)?.damaged, false)
    equal(again.bounds(next)?.end, 1)
    await again.close()
  }))

test('a torn batch is cut although its value holds a whole batch', () =>
  inFolder(async (folder) => {
    const inner = batchOf(1)
    inner.writeBigInt64BE(10n, 0)
    const value = Buffer.concat([inner, Buffer.alloc(5000)])
    const engine = engineOn(folder)
    const large = partitionOf(0)
    await engine.open([large])
    await append(engine, large, batchOf(3))
    const first = engine.size(large)
    await append(engine, large, buildBatch([{ timestampMs: 1.7e12, key: null, value }]))
    const size = engine.size(large)
    const copy = join(folder, 'killed')
    cpSync(join(folder, 'tested-0'), join(copy, 'tested-0'), { recursive: true })
    await engine.close()
    for (const lost of [2000, 5100, size - first - 61]) {
      const place = join(folder, `torn-${lost}`)
      cpSync(copy, place, { recursive: true })
      truncateSync(segmentOf(place, 0), size - lost)
      const recovered = engineOn(place)
      await recovered.open([large])
      equal(recovered.bounds(large)?.damaged, false)
      equal(offsetOf(await append(recovered, large, batchOf(1))), 3)
      await recovered.close()
    }
  }))

test('a file whose name is no offset is left alone', () =>
  inFolder(async (folder) => {
    await written(folder)
    appendFileSync(join(folder, 'tested-0', '99999999999999999999.log'), 'not ours')
    const engine = engineOn(folder)
    await engine.open([id])
    equal(engine.bounds(id)?.end, 6)
    await engine.close()
  }))
