import { equal, ok } from 'node:assert/strict'
import { test } from 'node:test'
import { OffsetMap, offsetMapEntrySize } from './offset-map.ts'

const secret = Buffer.from('0123456789abcdef')

test('a map answers the offset last put for a key, however many there are', () => {
  const map = new OffsetMap({ sizeMax: 1e7, loadFactor: 0.9, keysMax: 20_000, secret })
  const bytes = Buffer.alloc(8)
  for (let round = 0; round < 2; round += 1)
    for (let key = 0; key < 20_000; key += 1) {
      bytes.writeUInt32LE(key)
      ok(map.put(bytes, 0, 4 + (key % 5), key + round * 2 ** 40))
    }
  equal(map.count, 20_000)
  for (let key = 0; key < 20_000; key += 1) {
    bytes.writeUInt32LE(key)
    equal(map.get(bytes, 0, 4 + (key % 5)), key + 2 ** 40)
  }
  equal(map.get(Buffer.from('unknown'), 0, 7), -1)
})

test('a large map grows with its keys and forgets none', () => {
  const sizeMax = 4_000_000
  const map = new OffsetMap({ sizeMax, loadFactor: 0.9, keysMax: 1e9, secret })
  const small = map.size
  const bytes = Buffer.alloc(4)
  let count = 0
  for (bytes.writeUInt32LE(0); map.put(bytes, 0, 4, count); bytes.writeUInt32LE(count)) count += 1
  ok(map.size > small && map.size * 1.25 <= sizeMax, `${small} became ${map.size}`)
  equal(map.count, count)
  ok(count > 100_000, String(count))
  for (let key = 0; key < count; key += 1) {
    bytes.writeUInt32LE(key)
    equal(map.get(bytes, 0, 4), key)
  }
})

test('a map never takes more bytes than it may, and says when it is full', () => {
  const sizeMax = 100 * offsetMapEntrySize
  const map = new OffsetMap({ sizeMax, loadFactor: 0.9, keysMax: 1e9, secret })
  ok(map.size <= sizeMax)
  const bytes = Buffer.alloc(4)
  const put = (key: number, offset: number): boolean => {
    bytes.writeUInt32LE(key)
    return map.put(bytes, 0, 4, offset)
  }
  for (let key = 0; key < 90; key += 1) ok(put(key, key))
  equal(put(90, 90), false)
  ok(put(5, 91), 'a key that is there needs no room')
  bytes.writeUInt32LE(90)
  equal(map.get(bytes, 0, 4), -1)
})

test('a map takes no more room than its keys can need', () => {
  const map = new OffsetMap({ sizeMax: 1e9, loadFactor: 0.5, keysMax: 10, secret })
  ok(map.size <= 24 * offsetMapEntrySize)
})

test('the empty key, and a full table of one, are no exception', () => {
  const map = new OffsetMap({ sizeMax: 1, loadFactor: 0.9, keysMax: 10, secret })
  ok(map.put(Buffer.alloc(0), 0, 0, 0))
  equal(map.get(Buffer.alloc(0), 0, 0), 0)
  equal(map.put(Buffer.alloc(1), 0, 1, 1), false)
  equal(map.get(Buffer.alloc(1), 0, 1), -1)
})
