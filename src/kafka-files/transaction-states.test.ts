import { deepEqual, rejects } from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, test } from 'node:test'
import { buildBatch } from '#records'
import { temporaryFolder } from '#testing'
import { realDisk } from '#world'
import { readDecidedCommits } from './transaction-states.ts'

const cleanups: (() => unknown)[] = []
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup()
})

const key = (id: string): Buffer =>
  Buffer.concat([Buffer.from([0, 0, 0, id.length]), Buffer.from(id)])
const value = (status: number, version = 1): Buffer => {
  const bytes = Buffer.alloc(40)
  bytes.writeInt16BE(version)
  bytes.writeInt8(status, 16)
  return bytes
}
const read = (...records: (readonly [Buffer, Buffer | null])[]): Promise<string[]> => {
  const folder = temporaryFolder()
  cleanups.push(() => folder.remove())
  mkdirSync(join(folder.path, '__transaction_state-3'))
  writeFileSync(
    join(folder.path, '__transaction_state-3', `${'0'.repeat(20)}.log`),
    buildBatch(records.map(([each, content]) => ({ timestampMs: 1, key: each, value: content }))),
  )
  return readDecidedCommits(realDisk, folder.path)
}

test('a transaction that was decided to be committed is named until it is', async () => {
  const decided = await read(
    [key('done'), value(2)],
    [key('done'), value(4)],
    [key('gone'), value(2)],
    [key('gone'), null],
    [key('ongoing'), value(1)],
    [key('aborting'), value(3)],
    [key('new'), value(2, 1)],
    [key('old'), value(2, 0)],
  )
  deepEqual(decided, ['new', 'old'])
})

test('what is no state of a transaction is told by one error', async () => {
  const corrupt = { name: 'KafkaFilesError', code: 'KAFKA_FILES_CORRUPT' }
  await rejects(read([key('a').subarray(0, 4), value(2)]), corrupt)
  await rejects(read([key('a'), value(2).subarray(0, 16)]), corrupt)
  await rejects(read([key('a'), value(2, 2)]), corrupt)
})
