// Transactions on a simulated machine, under fire: see tools/transactions.
import { deepEqual, equal, match, rejects } from 'node:assert/strict'
import { test } from 'node:test'
import { liveThroughMany } from '../tools/transactions/histories.ts'
import { liveThroughTransactions } from '../tools/transactions/history.ts'
import {
  early,
  endless,
  forgetful,
  forgiving,
  halfhearted,
  hasty,
  lenient,
  orphaning,
} from '../tools/transactions/plants.ts'
import { commitSeed } from './seed.ts'

test('no transaction is lost, doubled, reordered or half seen in 200 histories', async (t) => {
  const seed = commitSeed()
  t.diagnostic(`again: npm run torture -- --transactions 200 --seed ${seed}`)
  const report = await liveThroughMany({ histories: 200, seed })
  t.diagnostic(JSON.stringify(report))
  equal(report.commits > 2000, true)
  equal(report.cuts > 100, true)
})

test('a history of transactions is the same each time it is lived through', async () => {
  const once = await liveThroughTransactions({ seed: 'same' })
  deepEqual(await liveThroughTransactions({ seed: 'same' }), once)
})

// With seeds that find them soon.
for (const [what, plant, seed] of [
  ['a commit does not wait for its bytes', hasty, 10],
  ['markers are said to be written before they are', early, 1],
  ['markers are not written', endless, 1],
  ['offsets are committed before the decision', forgetful, 1],
  ['an abort keeps its offsets', halfhearted, 1],
  ['batches enter that their transaction no longer takes', lenient, 1],
  ['zombies are let in', forgiving, 1],
  ['decided transactions are not ended by the next start', orphaning, 1],
] as const)
  test(`the histories find it out when ${what}`, async (t) => {
    await rejects(liveThroughMany({ histories: 1000, seed, plant }), (error: Error) => {
      match(error.message, /^history /)
      t.diagnostic(error.message)
      return true
    })
  })
