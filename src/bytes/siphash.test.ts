import { deepEqual, equal } from 'node:assert/strict'
import { test } from 'node:test'
import { sipHash } from './siphash.ts'

const counting = (count: number): Buffer => Buffer.from(Array.from({ length: count }, (_, n) => n))

const hexOf = (bytes: Uint8Array, key: Uint8Array = counting(16)): string => {
  const hash = sipHash(key)
  hash.hash(bytes, 0, bytes.length)
  return Buffer.from(hash.words.buffer).toString('hex')
}

test('the hashes are those of the reference implementation', () => {
  equal(hexOf(counting(0)), 'a3817f04ba25a8e66df67214c7550293')
  equal(hexOf(counting(1)), 'da87c1d86b99af44347659119b22fc45')
  equal(hexOf(counting(2)), '8177228da4a45dc7fca38bdef60affe4')
})

test('the hashes of longer inputs are those of the plain algorithm on 64-bit numbers', () => {
  for (let size = 0; size < 80; size += 1) {
    const key = Buffer.from(counting(16).map((byte) => (byte * 89 + size * 7) & 0xff))
    const bytes = Buffer.from(counting(size).map((byte) => (byte * 151 + 200) & 0xff))
    equal(hexOf(bytes, key), plainly(bytes, key))
  }
})

test('only the bytes between start and end count', () => {
  const hash = sipHash(counting(16))
  hash.hash(counting(30), 7, 20)
  const inside = [...hash.words]
  hash.hash(Buffer.from(counting(30).subarray(7, 20)), 0, 13)
  deepEqual([...hash.words], inside)
})

const mask = (1n << 64n) - 1n
const turned = (value: bigint, bits: bigint): bigint =>
  ((value << bits) | (value >> (64n - bits))) & mask

const plainly = (bytes: Buffer, key: Buffer): string => {
  const [k0, k1] = [key.readBigUInt64LE(0), key.readBigUInt64LE(8)]
  let v0 = k0 ^ 0x736f6d6570736575n
  let v1 = k1 ^ 0x646f72616e646f6dn ^ 0xeen
  let v2 = k0 ^ 0x6c7967656e657261n
  let v3 = k1 ^ 0x7465646279746573n
  const rounds = (count: number): void => {
    for (let round = 0; round < count; round += 1) {
      v0 = (v0 + v1) & mask
      v1 = turned(v1, 13n) ^ v0
      v0 = turned(v0, 32n)
      v2 = (v2 + v3) & mask
      v3 = turned(v3, 16n) ^ v2
      v0 = (v0 + v3) & mask
      v3 = turned(v3, 21n) ^ v0
      v2 = (v2 + v1) & mask
      v1 = turned(v1, 17n) ^ v2
      v2 = turned(v2, 32n)
    }
  }
  const padded = Buffer.alloc((bytes.length >>> 3) * 8 + 8)
  bytes.copy(padded)
  padded[padded.length - 1] = bytes.length
  for (let position = 0; position < padded.length; position += 8) {
    const block = padded.readBigUInt64LE(position)
    v3 ^= block
    rounds(2)
    v0 ^= block
  }
  const out = Buffer.alloc(16)
  v2 ^= 0xeen
  rounds(4)
  out.writeBigUInt64LE(v0 ^ v1 ^ v2 ^ v3, 0)
  v1 ^= 0xddn
  rounds(4)
  out.writeBigUInt64LE(v0 ^ v1 ^ v2 ^ v3, 8)
  return out.toString('hex')
}
