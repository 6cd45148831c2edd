import { deepEqual, equal } from 'node:assert/strict'
import { test } from 'node:test'
import {
  type CleanableSegment,
  type CleaningConfig,
  groupSegments,
  planCleaning,
} from './cleanable.ts'

const nowMs = 1_000_000

const config = (changes: Partial<CleaningConfig> = {}): CleaningConfig => ({
  segmentBytes: 1000,
  segmentIndexBytes: 1000,
  minCleanableDirtyRatio: 0.5,
  minCompactionLagMs: 0,
  maxCompactionLagMs: Number.MAX_SAFE_INTEGER,
  ...changes,
})

/** Segments of 10 offsets and 100 bytes each, a second apart. */
const segments = (count: number): CleanableSegment[] =>
  Array.from({ length: count }, (_, index) => ({
    baseOffset: index * 10,
    size: 100,
    indexSize: 8,
    firstTimestampMs: nowMs - (count - index) * 1000,
    maxTimestampMs: nowMs - (count - index) * 1000 + 500,
  }))

const log = (changes: Partial<Parameters<typeof planCleaning>[0]> = {}) => ({
  segments: segments(5),
  logStart: 0,
  end: 48,
  limit: 48,
  cleanedTo: undefined,
  ...changes,
})

test('everything up to the active segment can be cleaned, the clean part by its share', () => {
  const first = planCleaning(log(), config(), nowMs)
  deepEqual([first.firstDirtyOffset, first.firstUncleanableOffset, first.ratio], [0, 40, 1])
  equal(first.isDue, true)
  const half = planCleaning(log({ cleanedTo: 20 }), config(), nowMs)
  deepEqual([half.cleanBytes, half.dirtyBytes, half.isDue], [200, 200, false])
  equal(
    planCleaning(log({ cleanedTo: 20 }), config({ minCleanableDirtyRatio: 0.4 }), nowMs).isDue,
    true,
  )
  const all = planCleaning(log({ cleanedTo: 40 }), config({ minCleanableDirtyRatio: 0 }), nowMs)
  deepEqual([all.dirtyBytes, all.isDue], [0, false])
})

test('a segment that reaches beyond the limit is left as a whole', () => {
  equal(planCleaning(log({ limit: 39 }), config(), nowMs).firstUncleanableOffset, 30)
  equal(planCleaning(log({ limit: 30 }), config(), nowMs).firstUncleanableOffset, 30)
  const nothing = planCleaning(log({ limit: 5 }), config(), nowMs)
  deepEqual([nothing.firstUncleanableOffset, nothing.isDue], [0, false])
})

test('a cleaning ends before the first segment with a young record', () => {
  const lag = config({ minCompactionLagMs: 2600 })
  equal(planCleaning(log(), lag, nowMs).firstUncleanableOffset, 20)
  equal(planCleaning(log(), config({ minCompactionLagMs: 10_000 }), nowMs).isDue, false)
})

test('a record that waits for too long makes its log due, whatever its share', () => {
  const patient = { minCleanableDirtyRatio: 1 }
  equal(planCleaning(log({ cleanedTo: 30 }), config(patient), nowMs).isDue, false)
  const due = config({ ...patient, maxCompactionLagMs: 1500 })
  equal(planCleaning(log({ cleanedTo: 30 }), due, nowMs).isDue, true)
  const early = config({ ...patient, maxCompactionLagMs: 2500 })
  equal(planCleaning(log({ cleanedTo: 30 }), early, nowMs).isDue, false)
})

test('what a last cleaning left counts only within the log', () => {
  equal(planCleaning(log({ cleanedTo: 90 }), config(), nowMs).firstDirtyOffset, 0)
  equal(planCleaning(log({ cleanedTo: 5, logStart: 12 }), config(), nowMs).firstDirtyOffset, 12)
  const empty = planCleaning(log({ segments: [], end: 0, limit: 0 }), config(), nowMs)
  deepEqual([empty.firstUncleanableOffset, empty.isDue], [0, false])
})

test('neighbours are joined as far as one segment and its index can hold them', () => {
  const groups = (changes: Partial<CleaningConfig>, all = segments(5), end = 50) =>
    groupSegments(all, config(changes), end).map((group) =>
      group.map(({ baseOffset }) => baseOffset),
    )
  deepEqual(groups({ segmentBytes: 250 }), [[0, 10], [20, 30], [40]])
  deepEqual(groups({ segmentIndexBytes: 24 }), [
    [0, 10, 20],
    [30, 40],
  ])
  deepEqual(groups({ segmentBytes: 10 }), [[0], [10], [20], [30], [40]])
  const far = segments(3)
  far[2]!.baseOffset = 2 ** 31
  deepEqual(groups({}, far, 2 ** 31 + 10), [[0, 10], [2 ** 31]])
})
