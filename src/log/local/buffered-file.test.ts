import { deepEqual, equal, throws } from 'node:assert/strict'
import { test } from 'node:test'
import type { DiskFile } from '#world'
import { BufferedFile } from './buffered-file.ts'

/** A file in memory that notes the writes it gets, as `position:text`. */
const newFile = (capacity: number) => {
  const writes: string[] = []
  let bytes = Buffer.alloc(0)
  let isFull = false
  const writeNow = (chunks: readonly Uint8Array[], position: number): void => {
    if (isFull) throw new Error('full')
    const chunk = Buffer.concat(chunks)
    writes.push(`${position}:${chunk}`)
    const before = Buffer.concat([bytes, Buffer.alloc(position)]).subarray(0, position)
    bytes = Buffer.concat([before, chunk, bytes.subarray(position + chunk.length)])
  }
  const file: DiskFile = {
    writeNow,
    write: async (chunks, position) => writeNow(chunks, position),
    read: async (target, position) => bytes.copy(target, 0, position),
    sync: async () => void writes.push('sync'),
    truncate: async (size) => {
      bytes = bytes.subarray(0, size)
    },
    size: async () => bytes.length,
    close: async () => void writes.push('close'),
  }
  const buffered = new BufferedFile(file, capacity)
  return {
    writes,
    buffered,
    later: (text: string, position: number) =>
      buffered.writeLater([Buffer.from(text)], text.length, position),
    now: (text: string, position: number) => buffered.writeNow([Buffer.from(text)], position),
    read: async (position: number, size: number) => {
      const target = Buffer.alloc(size)
      return target.subarray(0, await buffered.read(target, position)).toString()
    },
    fill: (full: boolean) => {
      isFull = full
    },
  }
}

test('small writes become one, which goes out when the next one does not fit', () => {
  const { writes, later, buffered } = newFile(8)
  later('abc', 0)
  later('def', 3)
  deepEqual(writes, [])
  later('ghi', 6)
  deepEqual(writes, ['0:abcdef'])
  buffered.flush()
  buffered.flush()
  deepEqual(writes, ['0:abcdef', '6:ghi'])
})

test('what is too large, goes elsewhere or must be there at once goes behind what was kept back', async () => {
  const { writes, later, now, buffered } = newFile(4)
  later('ab', 0)
  later('cdefg', 2)
  later('h', 7)
  now('i', 8)
  later('j', 20)
  later('k', 30)
  await buffered.write([Buffer.from('l')], 31)
  later('m', 32)
  await buffered.sync()
  later('n', 33)
  await buffered.close()
  const expected = ['0:ab', '2:cdefg', '7:h', '8:i', '20:j', '30:k', '31:l', '32:m', 'sync']
  deepEqual(writes, [...expected, '33:n', 'close'])
})

test('readers find what is kept back, alone and behind what is in the file', async () => {
  const { later, now, read, buffered } = newFile(8)
  now('abcd', 0)
  later('ef', 4)
  later('gh', 6)
  equal(await read(0, 8), 'abcdefgh')
  equal(await read(2, 4), 'cdef')
  equal(await read(5, 2), 'fg')
  equal(await read(6, 10), 'gh')
  equal(await read(0, 3), 'abc')
  equal(await read(8, 3), '')
  equal(await buffered.size(), 8)
})

test('a flush that finds no room keeps what there is, and a close closes all the same', async () => {
  const { writes, later, fill, buffered, read } = newFile(4)
  later('abc', 0)
  fill(true)
  throws(() => later('def', 3), /full/)
  throws(() => buffered.flush(), /full/)
  equal(await read(0, 4), 'abc')
  fill(false)
  later('def', 3)
  fill(true)
  await buffered.close().catch(() => undefined)
  deepEqual(writes, ['0:abc', 'close'])
})
