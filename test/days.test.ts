// Retention, rolling and compaction over days of a clock that nobody waits for: see tools/days.
import { equal, match, rejects } from 'node:assert/strict'
import { test } from 'node:test'
import type { LogConfig } from '#log'
import { liveThroughDays } from '../tools/days/days.ts'
import { commitSeed } from './seed.ts'

test('both engines hold through 20 days what the rules say, record by record', async (t) => {
  const seed = commitSeed()
  t.diagnostic(`again: npm run torture -- --days 20 --seed ${seed}`)
  const { records, removed } = await liveThroughDays({ days: 20, seed })
  equal(records > 800, true)
  equal(removed > 400, true)
})

const planted: [string, (config: LogConfig) => Partial<LogConfig>][] = [
  ['retention.ms', ({ retentionMs }) => ({ retentionMs: retentionMs + 60_000 })],
  ['retention.bytes', ({ retentionBytes }) => ({ retentionBytes: retentionBytes + 1 })],
  ['cleanup.policy', () => ({ deletes: true })],
  ['min.cleanable.dirty.ratio', () => ({ minCleanableDirtyRatio: 0 })],
  ['min.compaction.lag.ms', () => ({ minCompactionLagMs: 0 })],
]
for (const [name, change] of planted)
  test(`the days find it out when ${name} is not what was set`, async (t) => {
    const plant = (config: LogConfig): LogConfig => ({ ...config, ...change(config) })
    await rejects(liveThroughDays({ days: 500, seed: 1, plant }), (error: Error) => {
      match(error.message, /^day 1\/\d+: (local|memory): .* should be /)
      t.diagnostic(error.message.split('\n')[0]?.slice(0, 100) ?? '')
      return true
    })
  })

test('a day is the same each time it is lived through', async () => {
  const once = await liveThroughDays({ days: 1, seed: 7 })
  equal(JSON.stringify(await liveThroughDays({ days: 1, seed: 7 })), JSON.stringify(once))
})
