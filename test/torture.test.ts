import { equal } from 'node:assert/strict'
import { test } from 'node:test'
import { torture } from '../tools/torture/torture.ts'
import { commitSeed } from './seed.ts'

test('what is acknowledged survives kill -9, three times in a row', async (t) => {
  const seed = commitSeed()
  t.diagnostic(`again: npm run torture -- --kills 3 --seed ${seed}`)
  const report = await torture({ kills: 3, seed, bytesMax: 4e6 })
  equal(report.kills >= 3, true)
  equal(report.acknowledged > 0, true)
})
