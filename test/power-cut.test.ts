// Log, commit log and metadata on a simulated machine whose power goes at any operation, again and again:
// see tools/cuts.
import { deepEqual, equal, match, rejects } from 'node:assert/strict'
import { test } from 'node:test'
import { type Forgotten, forgetfulDisk, hastyDatabases } from '#testing'
import { cutThePower } from '../tools/cuts/cuts.ts'
import { liveThrough } from '../tools/cuts/history.ts'
import type { Plant } from '../tools/cuts/machine.ts'
import { commitSeed } from './seed.ts'

test('what is acknowledged survives 320 power cuts, and nothing else appears', async (t) => {
  const seed = commitSeed()
  t.diagnostic(`again: npm run torture -- --cuts 320 --seed ${seed}`)
  const report = await cutThePower({ cuts: 320, seed })
  equal(report.cuts >= 320, true)
  equal(report.acknowledged > 1000, true)
  equal(report.changes > 1000, true)
})

const forgetting = (forgotten: Forgotten): Plant => ({
  disk: (disk) => forgetfulDisk(disk, forgotten),
})
const planted: [string, Plant][] = [
  ['segments are not synced', forgetting({ file: (path) => path.endsWith('.log') })],
  ['the folders of partitions are not synced', forgetting({ folder: (path) => path !== '/data' })],
  ['the data folder is not synced', forgetting({ folder: (path) => path === '/data' })],
  ['log starts are not synced', forgetting({ file: (path) => path.includes('log-start') })],
  [
    'recovery points are not synced',
    forgetting({ file: (path) => path.includes('recovery-point') }),
  ],
  ['index files are not synced', forgetting({ file: (path) => path.includes('index.tmp') })],
  [
    'files of aborted transactions are not synced',
    forgetting({ file: (path) => path.includes('txnindex') }),
  ],
  ['the commit log is not synced', forgetting({ file: (path) => path.endsWith('commit.log') })],
  ['commits of the database are not synced', { pragmas: ['synchronous=NORMAL'] }],
  ['the database is never synced', { pragmas: ['synchronous=OFF'] }],
  ['the database acknowledges before it commits', { databases: hastyDatabases }],
]
for (const [what, plant] of planted)
  test(`the cuts find it out when ${what}`, async (t) => {
    await rejects(cutThePower({ cuts: 2000, seed: 1, plant }), (error: Error) => {
      match(error.message, /^history .* after \d+ cuts: /)
      t.diagnostic(error.message.split('\n')[0] ?? '')
      return true
    })
  })

test('a history is the same each time it is lived through', async () => {
  const once = await liveThrough({ seed: 'same' })
  deepEqual(await liveThrough({ seed: 'same' }), once)
})
