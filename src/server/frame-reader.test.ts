import { deepEqual, equal } from 'node:assert/strict'
import { test } from 'node:test'
import { FrameReader } from './frame-reader.ts'

const frame = (body: Buffer): Buffer => {
  const length = Buffer.alloc(4)
  length.writeInt32BE(body.length)
  return Buffer.concat([length, body])
}
const bodies = [0, 1, 3, 4, 5, 100, 5000, 70_000].map((size, index) =>
  Buffer.alloc(size, index + 1),
)
const stream = Buffer.concat(bodies.map(frame))

/** Pushes the stream in chunks of `chunkSize` and takes every frame as soon as it is whole. */
const cut = (chunkSize: number): Buffer[] => {
  const reader = new FrameReader()
  const frames: Buffer[] = []
  for (let position = 0; position < stream.length; position += chunkSize) {
    reader.push(stream.subarray(position, position + chunkSize))
    for (;;) {
      const size = reader.declaredSize()
      const taken = size === undefined ? undefined : reader.take(size)
      if (!taken) break
      frames.push(Buffer.from(taken))
    }
  }
  equal(reader.size, 0)
  return frames
}

test('frames come out the same however the bytes arrive', () => {
  for (const chunkSize of [1, 2, 3, 5, 7, 64, 1000, 4096, 65_536, stream.length])
    deepEqual(cut(chunkSize), bodies, `in chunks of ${chunkSize}`)
})

test('a frame inside one chunk is not copied', () => {
  const reader = new FrameReader()
  const chunk = frame(Buffer.from('abc'))
  reader.push(chunk)
  equal(reader.take(3)?.buffer, chunk.buffer)
})

test('a frame that is not whole is left alone', () => {
  const reader = new FrameReader()
  reader.push(frame(Buffer.from('abcdef')).subarray(0, 8))
  equal(reader.declaredSize(), 6)
  equal(reader.take(6), undefined)
  equal(reader.size, 8)
  reader.push(Buffer.from('ef'))
  deepEqual(reader.take(6)?.toString(), 'abcdef')
})
