import { deepEqual, rejects } from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, test } from 'node:test'
import { buildBatch, buildMarker, MarkerType } from '#records'
import { inSync, leader, metadataRecord, temporaryFolder } from '#testing'
import { realDisk } from '#world'
import { readKafkaTopics } from './metadata-log.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup()
})

const one = 'MkU3OEVBNTcwNTJENDM2Qg'
const other = 'bkU3OEVBNTcwNTJENDM2Qg'

const { topic, partition, partitionChange: change, config, topicRemoved: removal } = metadataRecord
const { of: frame, transactionBegun, transactionEnded, transactionAborted } = metadataRecord

const batch = (baseOffset: number, values: readonly Buffer[]): Buffer =>
  buildBatch(
    values.map((value) => ({ timestampMs: 1, key: null, value })),
    { baseOffset },
  )
/** A Kafka folder with a metadata log of these files. */
const folderWith = (files: Readonly<Record<string, Buffer>>): string => {
  const folder = temporaryFolder()
  cleanups.push(() => folder.remove())
  mkdirSync(join(folder.path, '__cluster_metadata-0'))
  for (const [name, bytes] of Object.entries(files))
    writeFileSync(join(folder.path, '__cluster_metadata-0', name), bytes)
  return folder.path
}
const firstSegment = `${'0'.repeat(20)}.log`
const read = (...values: Buffer[]) =>
  readKafkaTopics(realDisk, folderWith({ [firstSegment]: batch(0, values) }))

test('topics have their ids, partitions with leader epochs and configs from the log', async () => {
  const topics = await read(
    ...[topic('b', one), partition(one, 1, 3), partition(one, 0, 2), topic('a', other)],
    ...[partition(other, 0, 0), config('b', 'retention.ms', '1'), config('b', 'x', '2')],
    ...[config('b', 'x', null), config('1', 'log.retention.ms', '5', 4)],
    ...[change(one, 0, inSync), change(one, 1, inSync, leader(-1)), change(one, 1, leader(1))],
    frame(20, 0, Buffer.alloc(1)),
  )
  deepEqual(topics, [
    { id: other, name: 'a', leaderEpochs: [0], replicationFactor: 1, configs: {} },
    {
      id: one,
      name: 'b',
      leaderEpochs: [2, 5],
      replicationFactor: 1,
      configs: { 'retention.ms': '1' },
    },
  ])
})

test('a topic that was removed is gone with its configs', async () => {
  const topics = await read(
    ...[topic('a', one), partition(one, 0, 0), config('a', 'retention.ms', '1'), removal(one)],
    ...[topic('a', other), partition(other, 0, 0)],
  )
  deepEqual(topics, [
    { id: other, name: 'a', leaderEpochs: [0], replicationFactor: 1, configs: {} },
  ])
})

test('a transaction of the log counts when it has ended', async () => {
  const first = [transactionBegun(), topic('a', one), partition(one, 0, 0)]
  deepEqual((await read(...first, transactionEnded())).length, 1)
  deepEqual((await read(...first, transactionAborted())).length, 0)
  deepEqual((await read(...first)).length, 0)
})

test('the newest snapshot is read first and then what the segments have behind it', async () => {
  const header = buildMarker({
    type: MarkerType.abort,
    timestampMs: 1,
    producerId: -1,
    producerEpoch: -1,
    coordinatorEpoch: 0,
  })
  const folder = folderWith({
    [`${'0'.repeat(19)}2-0000000001.checkpoint`]: Buffer.from('an old one that nobody reads'),
    [`${'0'.repeat(19)}5-0000000001.checkpoint`]: Buffer.concat([
      header,
      batch(1, [topic('a', one), partition(one, 0, 7)]),
    ]),
    [firstSegment]: batch(
      0,
      Array.from({ length: 5 }, () => Buffer.from('nothing')),
    ),
    [`${'0'.repeat(19)}5.log`]: Buffer.concat([
      batch(5, [change(one, 0, leader(1))]),
      Buffer.alloc(200),
    ]),
  })
  deepEqual((await readKafkaTopics(realDisk, folder))[0]?.leaderEpochs, [8])
})

test('what is no metadata log is told by one error', async () => {
  const whole = batch(0, [topic('a', one), partition(one, 0, 0)])
  // Fewer bytes than these are zeros, which are no batch.
  for (let size = 12; size < whole.length; size += 1)
    await rejects(
      readKafkaTopics(realDisk, folderWith({ [firstSegment]: whole.subarray(0, size) })),
      {
        code: 'KAFKA_FILES_CORRUPT',
      },
    )
  const wrong = Buffer.from(whole)
  wrong[80]! ^= 1
  const corrupt = { name: 'KafkaFilesError', code: 'KAFKA_FILES_CORRUPT' }
  await rejects(readKafkaTopics(realDisk, folderWith({ [firstSegment]: wrong })), corrupt)
  const record = partition(one, 0, 0)
  for (let size = 0; size < record.length - 30; size += 1)
    await rejects(read(topic('a', one), record.subarray(0, size)), corrupt)
  await rejects(read(partition(one, 0, 0)), corrupt)
  await rejects(read(topic('a', one), partition(one, 1, 0)), corrupt)
  await rejects(read(topic('a', one), change(one, 0, leader(1))), corrupt)
  await rejects(read(frame(2, 9)), corrupt)
  await rejects(read(Buffer.from([2, 2, 0])), corrupt)
})

test('a folder without a metadata log, or without its beginning, cannot be used', async () => {
  const unusable = { name: 'KafkaFilesError', code: 'KAFKA_FILES_UNUSABLE' }
  await rejects(readKafkaTopics(realDisk, join(folderWith({}), 'nowhere')), unusable)
  const late = folderWith({ [`${'0'.repeat(19)}5.log`]: batch(5, [topic('a', one)]) })
  await rejects(readKafkaTopics(realDisk, late), unusable)
})
