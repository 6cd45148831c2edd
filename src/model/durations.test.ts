import { deepEqual, equal } from 'node:assert/strict'
import { test } from 'node:test'
import { Durations } from './durations.ts'

test('each duration is counted at the first bound that it is within, and beyond the last at none', () => {
  const durations = new Durations([1, 10, 100])
  for (const ms of [0, 1, 1.5, 10, 100, 101]) durations.add(ms)
  deepEqual(durations.within, [2, 2, 1])
  equal(durations.count, 6)
  equal(durations.sumMs, 213.5)
})
