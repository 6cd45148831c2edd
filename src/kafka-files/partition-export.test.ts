import { deepEqual, equal, rejects, throws } from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, test } from 'node:test'
import { buildBatch } from '#records'
import { failingDisk, readBatches, temporaryFolder } from '#testing'
import { realDisk } from '#world'
import { awayName, exchangeFolders } from './folder-exchange.ts'
import { withKafkaFolder } from './kafka-folder.ts'
import { exportPartition, hasRecords, lowerCheckpoint } from './partition-export.ts'

const cleanups: (() => unknown)[] = []
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup()
})
const newFolder = (): string => {
  const folder = temporaryFolder()
  cleanups.push(() => folder.remove())
  return folder.path
}

const first = '0'.repeat(20)
const endOf = (offset: number): string => String(offset).padStart(20, '0')
const batch = (baseOffset: number, leaderEpoch: number, size = 10): Buffer =>
  buildBatch([{ timestampMs: 1, key: null, value: Buffer.alloc(size) }], {
    baseOffset,
    leaderEpoch,
  })
/** A snapshot of one producer whose transaction began there, or -1. */
const snapshot = (transactionStart: number): Buffer => {
  const bytes = Buffer.alloc(56)
  bytes.writeBigInt64BE(7n, 10)
  bytes.writeBigInt64BE(BigInt(transactionStart), 48)
  return bytes
}
const options = { topicId: 'MkU3OEVBNTcwNTJENDM2Qg', leaderEpochMax: 2, logEnd: 4 }

test('no batch and no checkpoint of a copy has an epoch above the one allowed', async () => {
  const from = newFolder()
  // The second batch does not fit into a window, and the header of the third is cut by one.
  const sizes = [10, 2_000_000, 1_048_576 - 200, 10]
  const log = Buffer.concat(sizes.map((size, index) => batch(index, index, size)))
  writeFileSync(join(from, `${first}.log`), log)
  writeFileSync(join(from, `${first}.index`), 'as it is')
  writeFileSync(join(from, `${endOf(4)}.snapshot`), snapshot(-1))
  writeFileSync(join(from, `${endOf(4)}.producers`), 'ours')
  writeFileSync(join(from, 'leader-epoch-checkpoint'), '0\n4\n0 0\n1 1\n2 2\n3 3\n')
  const to = join(newFolder(), 'copy')
  await exportPartition(realDisk, from, to, options)
  const copied = readBatches(readFileSync(join(to, `${first}.log`)))
  deepEqual(
    copied.map(({ leaderEpoch, baseOffset }) => [leaderEpoch, baseOffset]),
    [
      [0, 0],
      [1, 1],
      [2, 2],
      [2, 3],
    ],
  )
  deepEqual(readdirSync(to).sort(), [
    `${first}.index`,
    `${first}.log`,
    `${endOf(4)}.snapshot`,
    'leader-epoch-checkpoint',
    'partition.metadata',
  ])
  equal(readFileSync(join(to, 'leader-epoch-checkpoint'), 'utf8'), '0\n3\n0 0\n1 1\n2 2\n')
  equal(
    readFileSync(join(to, 'partition.metadata'), 'utf8'),
    `version: 0\ntopic_id: ${options.topicId}`,
  )
})

test('an epoch that is lowered begins where the first of those above it began', () => {
  equal(lowerCheckpoint('0\n3\n1 0\n5 10\n9 20\n', 4), '0\n2\n1 0\n4 10\n')
  equal(lowerCheckpoint('0\n2\n5 10\n9 20\n', 0), '0\n1\n0 10\n')
  equal(lowerCheckpoint('0\n0\n', 0), '0\n0\n')
  throws(() => lowerCheckpoint('0\n1\nnonsense\n', 0), { code: 'KAFKA_FILES_CORRUPT' })
})

test('a log without segments begins in the copy where it ended', async () => {
  const from = newFolder()
  writeFileSync(join(from, `${endOf(4)}.snapshot`), snapshot(-1))
  const to = join(newFolder(), 'copy')
  await exportPartition(realDisk, from, to, options)
  equal(readFileSync(join(to, `${endOf(4)}.log`)).length, 0)
  equal(await hasRecords(realDisk, to), true)
})

test('an open transaction, a missing snapshot and bytes that are no batch are refused', async () => {
  const from = newFolder()
  const copy = () => exportPartition(realDisk, from, join(newFolder(), 'copy'), options)
  const unusable = { name: 'KafkaFilesError', code: 'KAFKA_FILES_UNUSABLE' }
  await rejects(copy(), unusable)
  writeFileSync(join(from, `${endOf(4)}.snapshot`), snapshot(3))
  await rejects(copy(), { ...unusable, message: /Producer 7 has an open transaction/ })
  writeFileSync(join(from, `${endOf(4)}.snapshot`), snapshot(-1))
  for (const bytes of [Buffer.alloc(10), Buffer.alloc(100)]) {
    writeFileSync(join(from, `${first}.log`), bytes)
    await rejects(copy(), { name: 'KafkaFilesError', code: 'KAFKA_FILES_CORRUPT' })
  }
})

test('copies take their places and the checkpoints say what they hold', async () => {
  const path = newFolder()
  const write = (name: string, text: string): void => writeFileSync(join(path, name), text)
  const read = (name: string): string => readFileSync(join(path, name), 'utf8')
  write('meta.properties', 'version=1\nnode.id=1\n')
  write('.kafka_cleanshutdown', '{"version":0,"brokerEpoch":7}')
  write('recovery-point-offset-checkpoint', '0\n2\nt 0 0\nother-topic 1 9\n')
  mkdirSync(join(path, 't-0'))
  writeFileSync(join(path, 't-0', 'old'), '')
  mkdirSync(join(path, awayName(0)))
  writeFileSync(join(path, awayName(0), 'new'), '')
  await withKafkaFolder(path, { disk: realDisk, databases: locks }, (folder) =>
    exchangeFolders(realDisk, folder, [{ name: 't-0', away: awayName(0), logStart: 3, logEnd: 5 }]),
  )
  deepEqual(readdirSync(join(path, 't-0')), ['new'])
  equal(read('.kafka_cleanshutdown'), '{"version":0,"brokerEpoch":7}')
  equal(read('recovery-point-offset-checkpoint'), '0\n2\nt 0 5\nother-topic 1 9\n')
  equal(read('replication-offset-checkpoint'), '0\n1\nt 0 5\n')
  equal(read('log-start-offset-checkpoint'), '0\n1\nt 0 3\n')
  deepEqual(
    readdirSync(path).filter((name) => name.includes('export')),
    [],
  )
})

test('an exchange that is cut short is whole, or Kafka is told to recover', async () => {
  for (let operations = 0; ; operations += 1) {
    const path = newFolder()
    writeFileSync(join(path, 'meta.properties'), 'version=1\nnode.id=1\n')
    writeFileSync(join(path, '.kafka_cleanshutdown'), '{}')
    for (const name of ['t-0', 't-1', awayName(0), awayName(1)]) mkdirSync(join(path, name))
    for (const each of [0, 1]) writeFileSync(join(path, awayName(each), 'new'), '')
    const folder = {
      path,
      names: new Set(readdirSync(path)),
      logStarts: new Map(),
      logEnds: new Map(),
    }
    const failed = await exchangeFolders(failingDisk(operations), folder, [
      { name: 't-0', away: awayName(0), logStart: 0, logEnd: 5 },
      { name: 't-1', away: awayName(1), logStart: 0, logEnd: 6 },
    ]).then(
      () => false,
      () => true,
    )
    const names = readdirSync(path)
    const isNew = ['t-0', 't-1'].map(
      (name) => names.includes(name) && readdirSync(join(path, name)).includes('new'),
    )
    if (names.includes('.kafka_cleanshutdown')) {
      equal(isNew[0], isNew[1])
      equal(names.includes('replication-offset-checkpoint'), isNew[0])
    }
    if (!failed) {
      deepEqual(isNew, [true, true])
      return
    }
  }
})

/** Locks that everyone gets. */
const locks = {
  open: () => Promise.reject(new Error('no database is opened')),
  lock: async () => ({ release: async () => undefined }),
}
