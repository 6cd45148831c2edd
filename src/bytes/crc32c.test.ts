import { equal } from 'node:assert/strict'
import { test } from 'node:test'
import { crc32c } from './crc32c.ts'

test('the CRC-32C of nine digits is the check value of the algorithm', () => {
  equal(crc32c(Buffer.from('123456789')), 0xe3069283)
  equal(crc32c(Buffer.alloc(0)), 0)
})

test('a CRC-32C goes on from an earlier one', () => {
  const earlier = crc32c(Buffer.from('12345'))
  equal(crc32c(Buffer.from('6789'), earlier), 0xe3069283)
})
