import { equal, throws } from 'node:assert/strict'
import { test } from 'node:test'
import { crc32c } from '#bytes'
import { buildBatch } from './builder.ts'
import { batchHeaderSize, maxTimestampOf } from './header.ts'
import { type BatchRules, checkBatch, checkRecords } from './validate.ts'

const rules: BatchRules = {
  sizeMax: 1e6,
  compacted: false,
  openCompressed: false,
  ownTime: false,
  timestampBeforeMaxMs: Number.MAX_SAFE_INTEGER,
  timestampAfterMaxMs: Number.MAX_SAFE_INTEGER,
  nowMs: 1.7e12,
  zstdAllowed: true,
}

const check = (batch: Buffer): number =>
  checkRecords(batch.subarray(batchHeaderSize), batch, checkBatch(batch, rules), rules)

const headersOf = (count: number, size: number) =>
  Array.from({ length: count }, (_, index) => ({
    key: `header-${index}`,
    value: index % 3 === 0 ? null : Buffer.alloc(size, 'h'),
  }))

const batchWith = (count: number, size: number): Buffer =>
  buildBatch(
    [5, 9, 7].map((delta) => ({
      timestampMs: 1.7e12 + delta,
      key: null,
      value: Buffer.from('value'),
      headers: headersOf(count, size),
    })),
  )

test('sound headers of any number and size pass, and the largest time is found', () => {
  for (const count of [0, 1, 2, 63, 64, 200])
    for (const size of [0, 1, 63, 64, 9000]) {
      const batch = batchWith(count, size)
      if (batch.length > rules.sizeMax) continue
      equal(check(batch), 1.7e12 + 9)
      equal(maxTimestampOf(batch), 1.7e12 + 9)
    }
})

test('a count or size of headers that its record does not bear out is refused', () => {
  const sound = batchWith(2, 3)
  // From the end: value 3, its size 1, key 8, its size 1, then the first header, then the count.
  const valueSize = sound.length - 4
  const keySize = valueSize - 9
  for (const [position, wrong] of [
    [valueSize, 8],
    [valueSize, 4],
    [valueSize, 3],
    [keySize, 1],
    [keySize, 40],
    [keySize - 11, 6],
    [keySize - 11, 2],
    [keySize - 11, 1],
  ] as const) {
    const batch = Buffer.from(sound)
    batch[position] = wrong
    batch.writeUInt32BE(crc32c(batch.subarray(21)), 17)
    throws(() => check(batch), { errorName: 'INVALID_RECORD' }, `${wrong} at ${position}`)
  }
})
