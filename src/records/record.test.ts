import { deepEqual, equal, throws } from 'node:assert/strict'
import { test } from 'node:test'
import { buildBatch, type NewRecord } from './builder.ts'
import { RecordCursor, readRecords } from './record.ts'
import { RecordsError } from './records-error.ts'

test('records come back with their offsets, times, bytes and headers', () => {
  const batch = buildBatch(story, { baseOffset: 1000 })
  deepEqual(
    readRecords(batch.subarray(61), { baseOffset: 1000, baseTimestampMs: 5000, count: 4 }),
    story.map((record, index) => ({
      offset: 1000 + index,
      timestampMs: record.timestampMs,
      key: record.key,
      value: record.value,
      headers: record.headers ?? [],
    })),
  )
})

test('under LogAppendTime all records have the time of the batch', () => {
  const batch = buildBatch(story, { appendTimeMs: 9_999_999 })
  equal(batch.readInt16BE(21), 8)
  equal(Number(batch.readBigInt64BE(35)), 9_999_999)
  const records = readRecords(batch.subarray(61), { ...frame, appendTimeMs: 9_999_999 })
  deepEqual(
    records.map(({ timestampMs }) => timestampMs),
    [9_999_999, 9_999_999, 9_999_999, 9_999_999],
  )
})

test('the cursor says where each record begins', () => {
  const records = buildBatch(story).subarray(61)
  const cursor = new RecordCursor(records, frame)
  const positions: number[] = []
  while (cursor.next()) positions.push(cursor.position)
  equal(positions[0], 0)
  // One byte of size for what is shorter than 64 bytes.
  equal(positions[1], 1 + (records[0]! >> 1))
  equal(cursor.next(), false)
})

test('records cut short at any byte are corrupt', () => {
  const records = buildBatch(story).subarray(61)
  for (let size = 0; size < records.length; size += 1)
    throws(() => readRecords(records.subarray(0, size), frame), RecordsError)
})

test('records with any byte changed are read or refused, never anything else', () => {
  const records = buildBatch(story).subarray(61)
  for (let position = 0; position < records.length; position += 1)
    for (const change of [0x01, 0x7f, 0x80, 0xff]) {
      const damaged = Buffer.from(records)
      damaged[position]! ^= change
      try {
        readRecords(damaged, frame)
      } catch (error) {
        equal(error instanceof RecordsError, true, String(error))
      }
    }
})

test('more or fewer records than the batch says are corrupt', () => {
  const records = buildBatch(story).subarray(61)
  for (const count of [0, 3, 5])
    throws(() => readRecords(records, { ...frame, count }), RecordsError)
})

test('a header without a name and a record shorter than its parts are corrupt', () => {
  // size 8: attributes, time 0, offset 0, no key, no value, then one header whose name and value are null.
  const nameless = Buffer.from([16, 0, 0, 0, 1, 1, 2, 1, 1])
  throws(() => readRecords(nameless, { ...frame, count: 1 }), /has no name/)
  // size 5 ends before the count of headers.
  throws(
    () => readRecords(Buffer.from([10, 0, 0, 0, 1, 1, 0]), { ...frame, count: 1 }),
    /shorter than its parts/,
  )
})

test('times far apart and before their batch are kept', () => {
  const far = [0, -1, 2 ** 45, -(2 ** 45)].map((timestampMs) => ({
    timestampMs,
    key: null,
    value: null,
  }))
  const batch = buildBatch(far)
  equal(Number(batch.readBigInt64BE(35)), 2 ** 45)
  deepEqual(
    readRecords(batch.subarray(61), { baseOffset: 0, baseTimestampMs: 0, count: 4 }).map(
      ({ timestampMs }) => timestampMs,
    ),
    [0, -1, 2 ** 45, -(2 ** 45)],
  )
})

const frame = { baseOffset: 0, baseTimestampMs: 5000, count: 4 }

const story: readonly NewRecord[] = [
  { timestampMs: 5000, key: Buffer.from('key'), value: Buffer.from('value') },
  { timestampMs: 5001, key: null, value: Buffer.from('x'.repeat(300)) },
  { timestampMs: 4000, key: Buffer.alloc(0), value: null },
  {
    timestampMs: 5001,
    key: Buffer.from('with headers'),
    value: Buffer.alloc(0),
    headers: [
      { key: 'näme', value: Buffer.from('1') },
      { key: 'näme', value: null },
      { key: '', value: Buffer.alloc(0) },
    ],
  },
]
