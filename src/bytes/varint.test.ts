import { deepEqual, equal } from 'node:assert/strict'
import { test } from 'node:test'
import { Reader } from './reader.ts'
import {
  unsignedVarintSize,
  varintSize,
  varlongSize,
  writeUnsignedVarint,
  writeVarint,
  writeVarlong,
} from './varint.ts'

const unsigned = [0, 1, 127, 128, 16383, 16384, 2097151, 2097152, 268435455, 268435456, 4294967295]
const signed = [
  0, -1, 1, 63, -64, 64, -65, 8191, -8193, 1048576, -134217729, 2147483647, -2147483648,
]
const wide = [
  ...signed,
  2147483648,
  -2147483649,
  4294967295,
  2 ** 34,
  -(2 ** 34) - 1,
  2 ** 41,
  2 ** 48 - 1,
  -(2 ** 48),
  Number.MAX_SAFE_INTEGER,
  Number.MIN_SAFE_INTEGER,
]

test('unsigned varints of every width are written, measured and read', () => {
  for (const value of unsigned) {
    const bytes = Buffer.alloc(5)
    const end = writeUnsignedVarint(bytes, 0, value)
    deepEqual(bytes.subarray(0, end), varintBytes(BigInt(value)))
    equal(unsignedVarintSize(value), end)
    equal(new Reader(bytes).unsignedVarint(), value)
  }
})

test('zigzag varints of every width are written, measured and read', () => {
  for (const value of signed) {
    const bytes = Buffer.alloc(5)
    const end = writeVarint(bytes, 0, value)
    deepEqual(bytes.subarray(0, end), varintBytes(zigzag(BigInt(value))))
    equal(varintSize(value), end)
    equal(new Reader(bytes).varint(), value)
  }
})

test('varlongs of every width are written, measured and read', () => {
  for (const value of wide) {
    const bytes = Buffer.alloc(10)
    const end = writeVarlong(bytes, 0, value)
    deepEqual(bytes.subarray(0, end), varintBytes(zigzag(BigInt(value))), String(value))
    equal(varlongSize(value), end, String(value))
    equal(new Reader(bytes).varlong(), value)
  }
})

test('a varlong beyond the numbers that a double holds saturates', () => {
  const saturating: [bigint, number][] = [
    [2n ** 53n - 1n, Number.MAX_SAFE_INTEGER],
    [2n ** 53n, Number.MAX_SAFE_INTEGER],
    [2n ** 63n - 1n, Number.MAX_SAFE_INTEGER],
    [-(2n ** 53n) + 1n, Number.MIN_SAFE_INTEGER],
    [-(2n ** 53n), Number.MIN_SAFE_INTEGER],
    [-(2n ** 63n), Number.MIN_SAFE_INTEGER],
  ]
  for (const [exact, value] of saturating)
    equal(new Reader(varintBytes(zigzag(exact))).varlong(), value, String(exact))
})

function zigzag(value: bigint): bigint {
  return value < 0n ? -2n * value - 1n : 2n * value
}

/** The plain definition, for comparison. */
function varintBytes(value: bigint): Buffer {
  const bytes: number[] = []
  let rest = value
  while (rest > 0x7fn) {
    bytes.push(Number(rest & 0x7fn) | 0x80)
    rest >>= 7n
  }
  return Buffer.from([...bytes, Number(rest)])
}
