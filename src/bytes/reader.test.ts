import { deepEqual, equal, throws } from 'node:assert/strict'
import { test } from 'node:test'
import type { BytesErrorCode } from './bytes-error.ts'
import { elementsCountMax } from './limits.ts'
import { Reader } from './reader.ts'

/** Every read of a value, on bytes that hold exactly one. */
const reads: Readonly<Record<string, readonly [hex: string, read: (reader: Reader) => unknown]>> = {
  int8: ['ff', (reader) => reader.int8()],
  boolean: ['01', (reader) => reader.boolean()],
  int16: ['8000', (reader) => reader.int16()],
  uint16: ['ffff', (reader) => reader.uint16()],
  int32: ['80000000', (reader) => reader.int32()],
  uint32: ['ffffffff', (reader) => reader.uint32()],
  int64: ['ffffffffffffff85', (reader) => reader.int64()],
  id64: ['8000000000000000', (reader) => reader.id64()],
  float64: ['3ff8000000000000', (reader) => reader.float64()],
  uuid: ['000102030405060708090a0b0c0d0e0f', (reader) => reader.uuid()],
  unsignedVarint: ['ffffffff0f', (reader) => reader.unsignedVarint()],
  varint: ['ffffffff0f', (reader) => reader.varint()],
  varlong: ['ffffffff0f', (reader) => reader.varlong()],
  text: ['c5be6b', (reader) => reader.text(3)],
  bytes: ['010203', (reader) => reader.bytes(3)],
}

test('every value is read from its big-endian bytes', () => {
  const values = Object.entries(reads).map(([name, [hex, read]]) => [
    name,
    read(new Reader(Buffer.from(hex, 'hex'))),
  ])
  deepEqual(Object.fromEntries(values), {
    int8: -1,
    boolean: true,
    int16: -32768,
    uint16: 65535,
    int32: -2147483648,
    uint32: 4294967295,
    int64: -123,
    id64: -9223372036854775808n,
    float64: 1.5,
    uuid: 'AAECAwQFBgcICQoLDA0ODw',
    unsignedVarint: 4294967295,
    varint: -2147483648,
    varlong: -2147483648,
    text: 'žk',
    bytes: Buffer.from([1, 2, 3]),
  })
})

test('a value cut at any byte is truncated, and so is one that reaches past the given end', () => {
  for (const [hex, read] of Object.values(reads)) {
    const bytes = Buffer.from(hex, 'hex')
    for (let size = 0; size < bytes.length; size += 1) {
      refuses('BYTES_TRUNCATED', () => read(new Reader(bytes.subarray(0, size))))
      refuses('BYTES_TRUNCATED', () => read(new Reader(bytes, 0, size)))
    }
  }
})

test('the all-zero uuid has its text form as well', () => {
  equal(new Reader(Buffer.alloc(16)).uuid(), 'AAAAAAAAAAAAAAAAAAAAAA')
})

test('a 64-bit number beyond those that a double holds saturates', () => {
  const saturating: [bigint, number][] = [
    [2n ** 53n - 2n, Number.MAX_SAFE_INTEGER - 1],
    [2n ** 53n - 1n, Number.MAX_SAFE_INTEGER],
    [2n ** 53n, Number.MAX_SAFE_INTEGER],
    [2n ** 63n - 1n, Number.MAX_SAFE_INTEGER],
    [-(2n ** 53n) + 2n, Number.MIN_SAFE_INTEGER + 1],
    [-(2n ** 53n) + 1n, Number.MIN_SAFE_INTEGER],
    [-(2n ** 53n), Number.MIN_SAFE_INTEGER],
    [-(2n ** 63n), Number.MIN_SAFE_INTEGER],
  ]
  for (const [exact, value] of saturating) {
    const bytes = Buffer.alloc(8)
    bytes.writeBigInt64BE(exact)
    equal(new Reader(bytes).int64(), value, String(exact))
    equal(new Reader(bytes).id64(), exact)
  }
})

test('a varint that does not end within its width is refused', () => {
  refuses('BYTES_BAD_VARINT', () => reader('ffffffff1f').unsignedVarint())
  refuses('BYTES_BAD_VARINT', () => reader('808080808000').varint())
  refuses('BYTES_BAD_VARINT', () => reader('ffffffffffffffffff02').varlong())
  refuses('BYTES_BAD_VARINT', () => reader('8080808080808080808000').varlong())
})

test('a size below zero is refused', () => {
  refuses('BYTES_BAD_LENGTH', () => reader('0102').bytes(-1))
  refuses('BYTES_BAD_LENGTH', () => reader('0102').text(-2))
  refuses('BYTES_BAD_LENGTH', () => reader('0102').skip(Number.NaN))
  refuses('BYTES_BAD_LENGTH', () => reader('0102').expect(-1, 1))
})

test('a count that the bytes cannot hold is refused before anything is made of it', () => {
  reader('0000').expect(2, 1)
  refuses('BYTES_TRUNCATED', () => reader('0000').expect(3, 1))
  refuses('BYTES_TRUNCATED', () => reader('0000').expect(0x7fffffff, 4))
})

test('a reader hands out a bounded number of elements', () => {
  const full = reader('')
  full.spend(elementsCountMax)
  refuses('BYTES_TOO_MANY', () => full.spend(1))
  refuses('BYTES_TOO_MANY', () => full.text(0))
})

test('bytes are a view, and reading goes on behind them', () => {
  const bytes = Buffer.from('00010203', 'hex')
  const reading = new Reader(bytes, 1)
  const view = reading.bytes(2)
  bytes[1] = 9
  deepEqual(view, Buffer.from([9, 2]))
  equal(reading.position, 3)
  equal(reading.remaining, 1)
  reading.skip(1)
  equal(reading.remaining, 0)
})

test('a reader that would begin or end outside its bytes is refused', () => {
  for (const [position, end] of [
    [5, 4],
    [-1, 4],
    [0, 5],
    [3, 2],
  ])
    refuses('BYTES_TRUNCATED', () => new Reader(Buffer.alloc(4), position, end))
})

function reader(hex: string): Reader {
  return new Reader(Buffer.from(hex, 'hex'))
}

function refuses(code: BytesErrorCode, run: () => unknown): void {
  throws(run, { name: 'BytesError', code })
}
