import { equal } from 'node:assert/strict'
import { test } from 'node:test'
import { fuzz } from '../tools/fuzz/fuzz.ts'
import { commitSeed } from './seed.ts'

test('five seconds of attacks do no harm', async (t) => {
  const seed = commitSeed()
  t.diagnostic(`again: npm run fuzz -- --seconds 5 --seed ${seed}`)
  const report = await fuzz({ seconds: 5, seed, say: (line) => t.diagnostic(line) })
  equal(report.attacks > 0, true)
})
