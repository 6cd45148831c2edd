import { deepEqual, equal, ok, throws } from 'node:assert/strict'
import { test } from 'node:test'
import { AssertionFailure } from './assert.ts'
import {
  isReservedUuid,
  isUuid,
  metadataTopicUuid,
  uuidFromBytes,
  uuidFromRandomBytes,
  uuidToBytes,
  zeroUuid,
} from './uuid.ts'

test('bytes become the text that Kafka prints, and the text becomes the bytes', () => {
  const bytes = Buffer.from('00112233445566778899aabbccddeeff', 'hex')
  equal(uuidFromBytes(bytes), 'ABEiM0RVZneImaq7zN3u_w')
  deepEqual(uuidToBytes('ABEiM0RVZneImaq7zN3u_w'), bytes)
})

test('bytes in the middle of other memory are read where they stand', () => {
  const bytes = Buffer.alloc(40, 1)
  equal(uuidFromBytes(bytes.fill(0, 8, 24).subarray(8, 24)), zeroUuid)
})

test('the two ids with a meaning of their own are reserved', () => {
  ok(isReservedUuid(uuidFromBytes(Buffer.alloc(16))))
  const one = Buffer.alloc(16)
  one[15] = 1
  equal(uuidFromBytes(one), metadataTopicUuid)
  ok(isReservedUuid(metadataTopicUuid))
  ok(!isReservedUuid('ABEiM0RVZneImaq7zN3u_w'))
})

test('random bytes become a version 4 uuid, and stay as they were', () => {
  const random = Buffer.alloc(16, 0xff)
  equal(
    uuidToBytes(uuidFromRandomBytes(random)).toString('hex'),
    `${'ff'.repeat(6)}4fffbf${'ff'.repeat(7)}`,
  )
  deepEqual(random, Buffer.alloc(16, 0xff))
})

test('only the one text form of 16 bytes is a uuid', () => {
  ok(isUuid(zeroUuid))
  for (const text of [
    '',
    'AAAAAAAAAAAAAAAAAAAAA',
    'AAAAAAAAAAAAAAAAAAAAAB',
    'AAAAAAAAAA/AAAAAAAAAAA',
  ])
    ok(!isUuid(text), text)
  throws(() => uuidToBytes('orders'), AssertionFailure)
  throws(() => uuidFromBytes(Buffer.alloc(15)), AssertionFailure)
})
