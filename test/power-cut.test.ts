// The log on a simulated disk, cut off at any operation, again and again: see tools/cuts.
import { deepEqual, equal, match, rejects } from 'node:assert/strict'
import { test } from 'node:test'
import { type Forgotten, forgetfulDisk } from '#testing'
import { cutThePower } from '../tools/cuts/cuts.ts'
import { liveThrough } from '../tools/cuts/history.ts'
import { commitSeed } from './seed.ts'

test('what is acknowledged survives 500 power cuts, and nothing else appears', async (t) => {
  const seed = commitSeed()
  t.diagnostic(`again: npm run torture -- --cuts 500 --seed ${seed}`)
  const report = await cutThePower({ cuts: 500, seed })
  equal(report.cuts >= 500, true)
  equal(report.acknowledged > 1000, true)
})

const planted: [string, Forgotten][] = [
  ['segments are not synced', { file: (path) => path.endsWith('.log') }],
  ['the folders of partitions are not synced', { folder: (path) => path !== '/data' }],
  ['the data folder is not synced', { folder: (path) => path === '/data' }],
  ['log starts are not synced', { file: (path) => path.includes('log-start') }],
  ['recovery points are not synced', { file: (path) => path.includes('recovery-point') }],
  ['index files are not synced', { file: (path) => path.includes('index.tmp') }],
]
for (const [what, forgotten] of planted)
  test(`the cuts find it out when ${what}`, async (t) => {
    const plant = (disk: Parameters<typeof forgetfulDisk>[0]) => forgetfulDisk(disk, forgotten)
    await rejects(cutThePower({ cuts: 2000, seed: 1, plant }), (error: Error) => {
      match(error.message, /^history .* after \d+ cuts: topic-/)
      t.diagnostic(error.message.split('\n')[0] ?? '')
      return true
    })
  })

test('a history is the same each time it is lived through', async () => {
  const once = await liveThrough({ seed: 'same' })
  deepEqual(await liveThrough({ seed: 'same' }), once)
})
