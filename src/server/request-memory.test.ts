import { deepEqual, equal } from 'node:assert/strict'
import { test } from 'node:test'
import { smallFrameSizeMax, smallFramesBytesMax } from './limits.ts'
import { RequestMemory } from './request-memory.ts'

const large = smallFrameSizeMax + 1

test('large frames are let in strictly in the order in which they asked', () => {
  const memory = new RequestMemory(3 * large)
  const granted: string[] = []
  const ask = (name: string, count: number) =>
    memory.reserve(count * large, () => granted.push(name))
  const first = ask('first', 2)
  const second = ask('second', 2)
  const third = ask('third', 1)
  equal(first.granted, true)
  equal(second.granted, false)
  equal(third.granted, false, 'the third would fit and still waits behind the second')
  first.release()
  deepEqual(granted, ['second', 'third'])
})

test('a frame larger than the whole budget gets in alone', () => {
  const memory = new RequestMemory(large)
  const giant = memory.reserve(10 * large, () => undefined)
  equal(giant.granted, true)
  const next = memory.reserve(large, () => undefined)
  equal(next.granted, false)
  giant.release()
  equal(next.granted, true)
})

test('whoever gives up while waiting lets the next one in', () => {
  const memory = new RequestMemory(large)
  const first = memory.reserve(large, () => undefined)
  const second = memory.reserve(large, () => undefined)
  const third = memory.reserve(large, () => undefined)
  second.release()
  first.release()
  equal(third.granted, true)
  equal(second.granted, false)
})

test('releasing twice gives back once', () => {
  const memory = new RequestMemory(2 * large)
  const first = memory.reserve(large, () => undefined)
  memory.reserve(large, () => undefined)
  first.release()
  first.release()
  equal(memory.reserve(large, () => undefined).granted, true)
  equal(memory.reserve(large, () => undefined).granted, false)
})

test('small frames pass while large ones are held back, and are bounded themselves', () => {
  const memory = new RequestMemory(large)
  memory.reserve(large, () => undefined)
  equal(memory.reserve(large, () => undefined).granted, false)
  const count = smallFramesBytesMax / smallFrameSizeMax
  for (let index = 0; index < count; index += 1)
    equal(memory.reserve(smallFrameSizeMax, () => undefined).granted, true)
  equal(memory.reserve(1, () => undefined).granted, false)
})
