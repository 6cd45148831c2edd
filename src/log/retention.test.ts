import { equal } from 'node:assert/strict'
import { test } from 'node:test'
import { expiredCount, type RetentionConfig } from './retention.ts'

const forEver: RetentionConfig = { deletes: true, retentionMs: -1, retentionBytes: -1 }

/** Segments of 100 offsets and 1,000 bytes each, the newest records of one a second after the last. */
const logOf = (count: number, { logStart = 0, highWatermark = count * 100 } = {}) => ({
  segments: Array.from({ length: count }, (_, index) => ({
    baseOffset: index * 100,
    size: 1000,
    largestTimeMs: index * 1000,
  })),
  logStart,
  highWatermark,
  end: count * 100,
})

test('nothing goes without a limit', () => {
  equal(expiredCount(logOf(3), forEver, 1e15), 0)
})

test('a log that neither deletes nor compacts keeps everything', () => {
  equal(expiredCount(logOf(3), { deletes: false, retentionMs: 0, retentionBytes: 0 }, 1e15), 0)
})

test('what is before the log start goes whatever the policy says, but never the newest segment', () => {
  const config = { ...forEver, deletes: false }
  equal(expiredCount(logOf(3, { logStart: 99 }), config, 0), 0)
  equal(expiredCount(logOf(3, { logStart: 100 }), config, 0), 1)
  equal(expiredCount(logOf(3, { logStart: 300 }), config, 0), 2)
})

test('a segment goes by size only while the rest is still as large as the limit', () => {
  equal(expiredCount(logOf(5), { ...forEver, retentionBytes: 5000 }, 0), 0)
  equal(expiredCount(logOf(5), { ...forEver, retentionBytes: 4001 }, 0), 0)
  equal(expiredCount(logOf(5), { ...forEver, retentionBytes: 4000 }, 0), 1)
  equal(expiredCount(logOf(5), { ...forEver, retentionBytes: 0 }, 0), 5)
})

test('a segment goes when its newest record is older than the limit', () => {
  equal(expiredCount(logOf(3), { ...forEver, retentionMs: 500 }, 500), 0)
  equal(expiredCount(logOf(3), { ...forEver, retentionMs: 500 }, 501), 1)
  equal(expiredCount(logOf(3), { ...forEver, retentionMs: 500 }, 2501), 3)
})

test('a young segment keeps those behind it, however old they are', () => {
  const log = logOf(3)
  log.segments[0]!.largestTimeMs = 9000
  equal(expiredCount(log, { ...forEver, retentionMs: 500 }, 9000), 0)
})

test('no record that a power cut could take back goes', () => {
  equal(expiredCount(logOf(3, { highWatermark: 299 }), { ...forEver, retentionBytes: 0 }, 0), 2)
  equal(expiredCount(logOf(3, { highWatermark: 50 }), { ...forEver, retentionMs: 0 }, 1e9), 0)
})

test('an empty newest segment stays', () => {
  const log = logOf(2)
  log.segments.push({ baseOffset: 200, size: 0, largestTimeMs: -1 })
  equal(expiredCount({ ...log, end: 200 }, { ...forEver, retentionMs: 0 }, 1e9), 2)
})

test('size takes what time leaves, and the log start what both leave', () => {
  const config = { ...forEver, retentionMs: 500, retentionBytes: 1000 }
  equal(expiredCount(logOf(4, { logStart: 100 }), config, 1501), 3)
  equal(expiredCount(logOf(4), { ...config, retentionBytes: 3000 }, 1501), 2)
})
