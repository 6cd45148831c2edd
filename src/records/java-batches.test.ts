import { deepEqual, equal } from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as pause } from 'node:timers/promises'
import { buildBatch, buildMarker } from './builder.ts'
import { Codec, decompress, decompressAsync } from './compression.ts'
import { readRecords } from './record.ts'

const baseTimestampMs = 1_700_000_000_000
const frame = { baseOffset: 42, baseTimestampMs, count: 5 }

/** Batches of five records that Kafka's own Java classes wrote, one with each codec, in base64. */
const javaBatches = {
  none:
    'AAAAAAAAACoAAAD/AAAABwJnGUVIAAAAAAAEAAABi8/laAAAAAGLz+V3oAAAAAAAABJnAAMAAABjAAAABUYAAAAB' +
    'OnZhbHVlIDQ4NyB2YWx1ZSA5MiB2YWx1ZSA0NzQgAGgA0A8CCmtleS0xKHZhbHVlIDQyNCB2YWx1ZSA1MDYgBgho' +
    'w7wxAngIbnVsbAEKZW1wdHkAQACgHwQKa2V5LTIodmFsdWUgNjA1IHZhbHVlIDg1NCAAZACPma+gJQYBKHZhbHVl' +
    'IDY5MSB2YWx1ZSA3MjIgBghow7wzAngIbnVsbAEKZW1wdHkAQADAPggKa2V5LTQodmFsdWUgMzIxIHZhbHVlIDgz' +
    'MSAA',
  gzip:
    'AAAAAAAAACoAAADGAAAABwKGdX7xAAEAAAAEAAABi8/laAAAAAGLz+V3oAAAAAAAABJnAAMAAABjAAAABR+LCAAA' +
    'AAAAAP9zY2BgYLQqS8wpTVUwsTBXgLAsjaAME3MTBYYMhgv8TFzZqZW6hhpQYSMTqAJTAzMFNo6Mw3sMmSo48kpz' +
    'chi5UnMLSioZHBgWyLOANRlBNZkZmEI1WZgCTU1h6J+5foEqGyNM2tIQKm1uZAQx0xjDzAN2HGAzTaCajI1gmiyM' +
    'DRUYAFOoaPvOAAAA',
  snappy:
    'AAAAAAAAACoAAADhAAAABwLSraRvAAIAAAAEAAABi8/laAAAAAGLz+V3oAAAAAAAABJnAAMAAABjAAAABYJTTkFQ' +
    'UFkAAAAAAQAAAAEAAACczgE8RgAAAAE6dmFsdWUgNDg3IAkKBDkyDQlANDc0IABoANAPAgprZXktMSgJIAg0MjQN' +
    'IXQ1MDYgBghow7wxAngIbnVsbAEKZW1wdHkAQACgHwQFNQAyDTUINjA1DTU0ODU0IABkAI+Zr6AlBgERHwQ5MQ0f' +
    'EDcyMiAGAVQAM0JUAAjAPggFVAA0DTU4MzIxIHZhbHVlIDgzMSAA',
  lz4:
    'AAAAAAAAACoAAADVAAAABwL0qUdBAAMAAAAEAAABi8/laAAAAAGLz+V3oAAAAAAAABJnAAMAAABjAAAABQQiTRhg' +
    'QIKVAAAA8gFGAAAAATp2YWx1ZSA0ODcgCgAjOTIJAPICNDc0IABoANAPAgprZXktMSggADM0MjQhAPEPNTA2IAYI' +
    'aMO8MQJ4CG51bGwBCmVtcHR5AEAAoB8ENQATMjUAMzYwNTUA5Dg1NCAAZACPma+gJQYBHwAjOTEfADI3MjJUAB0z' +
    'VAAxwD4IVAATNDUAJDMyNQBQODMxIAAAAAAA',
  zstd:
    'AAAAAAAAACoAAADHAAAABwJ3LyirAAQAAAAEAAABi8/laAAAAAGLz+V3oAAAAAAAABJnAAMAAABjAAAABSi1L/0A' +
    'WFQEAIQGRgAAAAE6dmFsdWUgNDg3IDkyNDc0IABoANAPAgprZXktMSg0MjQ1MDYgBghow7wxAngIbnVsbAEKZW1w' +
    'dHkAQACgHwQyNjA1ODU0IABkAI+Zr6AlBgE2OTE3MjIzwD4INDMyMTMxIAAOAIAMyAvaAfMCPCAPV8gK5AF5xao5' +
    'otw4FF4sGetQlgEAAA==',
} as const

for (const [name, base64] of Object.entries(javaBatches)) {
  const codec = Codec[name as keyof typeof Codec]

  test(`a batch that Java wrote with codec ${name} has the records it was given`, async () => {
    const batch = Buffer.from(base64, 'base64')
    equal(batch.readInt16BE(21) & 7, codec)
    const records = decompress(codec, batch.subarray(61), 1000)
    deepEqual(await decompressAsync(codec, batch.subarray(61), records.length, pause), records)
    deepEqual(shown(readRecords(records, frame)), expected)
  })

  test(`records built with codec ${name} unfold to the bytes that Java wrote`, () => {
    const theirs = Buffer.from(javaBatches.none, 'base64')
    const ours = buildBatch(readRecords(theirs.subarray(61), frame), { ...producer, codec })
    deepEqual(decompress(codec, ours.subarray(61), 1000), theirs.subarray(61))
    if (codec === Codec.none) deepEqual(ours, theirs)
  })
}

test('a commit marker is the one that Java writes', () => {
  const marker = buildMarker(
    {
      type: 1,
      timestampMs: baseTimestampMs,
      producerId: 4711,
      producerEpoch: 3,
      coordinatorEpoch: 12,
    },
    { baseOffset: 42, leaderEpoch: 7 },
  )
  equal(
    marker.toString('hex'),
    '000000000000002a000000420000000702f5f27e9a0030000000000000018bcfe568000000018bcfe568000000' +
      '0000000012670003ffffffff000000012000000008000000010c00000000000c00',
  )
})

const producer = {
  baseOffset: 42,
  leaderEpoch: 7,
  producerId: 4711,
  producerEpoch: 3,
  baseSequence: 99,
}

/** Offset, time after the first, key, value and headers of each record. */
const expected = [
  [42, 0, null, 'value 487 value 92 value 474 ', ''],
  [43, 1000, 'key-1', 'value 424 value 506 ', 'hü1=x null=null empty='],
  [44, 2000, 'key-2', 'value 605 value 854 ', ''],
  [45, -4_999_997_000, null, 'value 691 value 722 ', 'hü3=x null=null empty='],
  [46, 4000, 'key-4', 'value 321 value 831 ', ''],
]

const shown = (records: ReturnType<typeof readRecords>) =>
  records.map(({ offset, timestampMs, key, value, headers }) => [
    offset,
    timestampMs - baseTimestampMs,
    key?.toString() ?? null,
    value?.toString() ?? null,
    headers.map((header) => `${header.key}=${header.value}`).join(' '),
  ])
