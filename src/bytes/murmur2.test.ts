import { equal } from 'node:assert/strict'
import { test } from 'node:test'
import { murmur2 } from './murmur2.ts'

/** What Kafka's own producer computes. */
const hashes: readonly (readonly [string, number])[] = [
  ['', 275646681],
  ['a', -1563381124],
  ['ab', 316155434],
  ['abc', 479470107],
  ['abcd', -1323649548],
  ['21', -973932308],
  ['foobar', -790332482],
  ['a-little-bit-long-string', -985981536],
  ['a-little-bit-longer-string', -1486304829],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
  ['žluťoučký', 1622223876],
]

test('keys are hashed as Kafka hashes them', () => {
  for (const [key, hash] of hashes) equal(murmur2(Buffer.from(key)), hash, key)
  equal(murmur2(Uint8Array.from({ length: 256 }, (_, index) => index)), -1948347274)
})
