import { equal } from 'node:assert/strict'
import { test } from 'node:test'
import { configOf } from './engine.suite.ts'
import { mustRoll } from './rolling.ts'

const config = configOf({ segmentMs: 1000 })
const batch = { size: 100, maxTimestampMs: 5000, end: 10, nowMs: 9000 }
const active = { baseOffset: 0, size: 100, begunMs: 8500, offsetEntryCount: 0 }

test('a segment is open for as long as its records say', () => {
  equal(mustRoll({ ...active, firstTimestampMs: 4000 }, batch, config, 0), false)
  equal(mustRoll({ ...active, firstTimestampMs: 3999 }, batch, config, 0), true)
  equal(
    mustRoll({ ...active, firstTimestampMs: 4499 }, batch, { ...config, segmentJitterMs: 500 }, 1),
    true,
  )
})

test('a segment whose first batch has no time is open since it was begun', () => {
  const timeless = { ...active, firstTimestampMs: -1 }
  equal(mustRoll(timeless, batch, config, 0), false)
  equal(mustRoll(timeless, { ...batch, nowMs: 9501 }, config, 0), true)
  equal(
    mustRoll({ ...timeless, firstTimestampMs: 4000 }, { ...batch, maxTimestampMs: -1 }, config, 0),
    false,
  )
})
