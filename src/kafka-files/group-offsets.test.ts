import { deepEqual, equal, rejects, throws } from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, test } from 'node:test'
import { type BatchOptions, buildBatch, buildMarker, MarkerType } from '#records'
import { groupKey, groupValue, offsetKey, offsetValue, temporaryFolder } from '#testing'
import { realDisk } from '#world'
import { readKafkaGroups } from './group-offsets.ts'
import { readOffsetCommit, readOffsetsKey } from './offset-records.ts'

const cleanups: (() => unknown)[] = []
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup()
})

type Pair = readonly [Buffer, Buffer | null]

/** What is read of a partition of `__consumer_offsets` with these batches. */
const read = (...batches: readonly ((baseOffset: number) => Buffer)[]) => {
  const folder = temporaryFolder()
  cleanups.push(() => folder.remove())
  mkdirSync(join(folder.path, '__consumer_offsets-7'))
  const path = join(folder.path, '__consumer_offsets-7', `${'0'.repeat(20)}.log`)
  writeFileSync(path, Buffer.concat(batches.map((batch, index) => batch(index * 10))))
  return readKafkaGroups(realDisk, folder.path)
}
const batch =
  (pairs: readonly Pair[], options: BatchOptions = {}) =>
  (baseOffset: number) =>
    buildBatch(
      pairs.map(([key, value]) => ({ timestampMs: 1, key, value })),
      { ...options, baseOffset },
    )
const ofTransaction = { producerId: 5, producerEpoch: 0, baseSequence: 0, isTransactional: true }
const marker = (type: MarkerType) => (baseOffset: number) =>
  buildMarker(
    { type, timestampMs: 1, producerId: 5, producerEpoch: 0, coordinatorEpoch: 0 },
    { baseOffset },
  )
const offsetsOf = async (...batches: readonly ((baseOffset: number) => Buffer)[]) =>
  (await read(...batches)).groups.flatMap(({ groupId, offsets }) =>
    offsets.map(({ topic, partition, offset }) => `${groupId} ${topic}-${partition} ${offset}`),
  )

test('every version of a committed offset is read', async () => {
  const versions = [0, 1, 2, 3, 4]
  const { groups } = await read(
    batch(
      versions.map(
        (version): Pair => [
          offsetKey('g', 't', version, version === 0 ? 0 : 1),
          offsetValue(10 + version, { version, metadata: 'näher', expiresAtMs: 77 }),
        ],
      ),
    ),
  )
  deepEqual(groups, [
    {
      groupId: 'g',
      protocolType: null,
      offsets: versions.map((version) => ({
        topic: 't',
        partition: version,
        offset: 10 + version,
        leaderEpoch: version >= 3 ? 9 : -1,
        metadata: 'näher',
        committedAtMs: 1000,
        expiresAtMs: version === 1 ? 77 : null,
      })),
    },
  ])
})

test('the last commit of a partition counts, and none that was taken back', async () => {
  deepEqual(
    await offsetsOf(
      batch([
        [offsetKey('g', 't', 0), offsetValue(1)],
        [offsetKey('g', 't', 1), offsetValue(2)],
        [offsetKey('h', 't', 0), offsetValue(3)],
      ]),
      batch([
        [offsetKey('g', 't', 0), offsetValue(4)],
        [offsetKey('g', 't', 1), null],
      ]),
    ),
    ['g t-0 4', 'h t-0 3'],
  )
})

test('a group has the protocol type of its own record', async () => {
  const { groups } = await read(
    batch([
      ...[0, 3, 4].map((version): Pair => [groupKey(`v${version}`), groupValue('type', version)]),
      [groupKey('new', 3), Buffer.alloc(8)],
      [groupKey('gone'), groupValue('type', 3)],
      [groupKey('gone'), null],
      [Buffer.from([0, 99]), Buffer.from('of a kind that is not known')],
      ...['v0', 'v3', 'v4', 'new', 'gone'].map(
        (group): Pair => [offsetKey(group, 't', 0), offsetValue(1)],
      ),
    ]),
  )
  deepEqual(
    groups.map(({ groupId, protocolType }) => [groupId, protocolType]),
    [
      ['gone', null],
      ['new', 'consumer'],
      ['v0', 'type'],
      ['v3', 'type'],
      ['v4', 'type'],
    ],
  )
})

test('commits of a transaction count once it is committed', async () => {
  const pended = batch([[offsetKey('g', 't', 0), offsetValue(5)]], ofTransaction)
  deepEqual(await offsetsOf(pended, marker(MarkerType.commit)), ['g t-0 5'])
  deepEqual(await offsetsOf(pended, marker(MarkerType.abort)), [])
  const open = await read(pended)
  deepEqual(open, { groups: [], openTransactions: 1 })
  const later = batch([[offsetKey('g', 't', 0), offsetValue(6)]])
  deepEqual(await offsetsOf(pended, later, marker(MarkerType.commit)), ['g t-0 6'])
})

test('keys and values that are cut short are told by one error', async () => {
  const corrupt = { name: 'KafkaFilesError', code: 'KAFKA_FILES_CORRUPT' }
  const key = offsetKey('g', 't', 0)
  for (let size = 0; size < key.length; size += 1)
    throws(() => readOffsetsKey(key.subarray(0, size)), corrupt)
  for (const version of [0, 1, 2, 3, 4]) {
    const value = offsetValue(1, { version, metadata: 'm' })
    const sizeMin = version === 4 ? value.length - 1 : value.length
    for (let size = 0; size < sizeMin; size += 1)
      throws(() => readOffsetCommit(value.subarray(0, size)), corrupt)
  }
  throws(() => readOffsetCommit(offsetValue(1, { version: 5 })), corrupt)
  throws(() => readOffsetCommit(offsetValue(-3)), corrupt)
  await rejects(read(batch([[key, Buffer.alloc(3)]])), corrupt)
  equal(readOffsetsKey(Buffer.from([0, 50])), undefined)
})
