import { deepEqual, equal, rejects, throws } from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as pause } from 'node:timers/promises'
import { RecordsError } from '../records-error.ts'
import { compressLz4, decompressLz4, decompressLz4Async } from './lz4.ts'
import { xxhash32 } from './xxhash32.ts'

test('a frame with linked blocks, sizes and checksums is read', async () => {
  equal(decompressLz4(frame, text.length).toString(), text)
  equal((await decompressLz4Async(frame, text.length, pause)).toString(), text)
})

test('frames in a row unfold to one text', () => {
  const both = Buffer.concat([frame, compressLz4(Buffer.from('behind it')), frame])
  equal(decompressLz4(both, 1_000_000).toString(), `${text}behind it${text}`)
})

test('a frame cut short at any byte is corrupt', () => {
  for (let size = 0; size < frame.length; size += 1)
    throws(() => decompressLz4(frame.subarray(0, size), 1_000_000), isCorrupt)
})

test('a frame with any byte changed is corrupt', () => {
  for (let position = 0; position < frame.length; position += 1) {
    const damaged = Buffer.from(frame)
    damaged[position]! ^= 1 << (position % 8)
    throws(() => decompressLz4(damaged, 1_000_000), isCorrupt)
  }
})

test('more than is allowed is too large, wherever the bound falls', async () => {
  for (const sizeMax of [0, 1, 65_535, 65_536, 65_537, text.length - 1]) {
    throws(() => decompressLz4(frame, sizeMax), isTooLarge)
    await rejects(decompressLz4Async(frame, sizeMax, pause), isTooLarge)
  }
})

test('large and small blocks, compressible or not, come back as they were', async () => {
  let state = 1
  for (const [size, letters] of [
    [1, 1],
    [5000, 3],
    [70_000, 256],
    [300_000, 12],
  ] as const) {
    const bytes = Buffer.alloc(size)
    for (let index = 0; index < size; index += 1) {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
      bytes[index] = (state >>> 16) % letters
    }
    deepEqual(decompressLz4(compressLz4(bytes), size), bytes)
    deepEqual(await decompressLz4Async(compressLz4(bytes), size, pause), bytes)
  }
})

test('the checksum is xxHash-32', () => {
  const hash = (content: string) => xxhash32(Buffer.from(content), 0, content.length).toString(16)
  equal(hash(''), '2cc5d05')
  equal(hash('abc'), '32d153ff')
  equal(hash('Nobody inspects the spammish repetition'), 'e2293b2f')
})

const isCorrupt = (error: unknown): boolean =>
  error instanceof RecordsError && error.code === 'RECORDS_CORRUPT'
const isTooLarge = (error: unknown): boolean =>
  error instanceof RecordsError && error.code === 'RECORDS_TOO_LARGE'

/**
 * `text` as the C library frames it with all it can: linked blocks of 64 KiB, a content size, checksums
 * of blocks and content.
 */
const frame = Buffer.from(
  'BCJNGFxA8qYCAAAAAAB/JAIAAP//CzAsMSwyLDMsNCw1LDYsNyw4LDksMTAsMTEsMTIsMTMsMTQsMTUsMTYsMTcs' +
    'MTgsMTksMjAsMjEsMjIsMjMsMjQsMjUsMjYsMjcsMjgsMjksMzAsMzEsMzIsMzMsMzQsMzUsMzYsMzcsMzgsMzks' +
    'NDAsNDEsNDIsNDMsNDQsNDUsNDYsNDcsNDgsNDksNTAsNTEsNTIsNTMsNTQsNTUsNTYsNTcsNTgsNTksNjAsNjEs' +
    'NjIsNjMsNjQsNjUsNjYsNjcsNjgsNjksNzAsNzEsNzIsNzMsNzQsNzUsNzYsNzcsNzgsNzksODAsODEsODIsODMs' +
    'ODQsODUsODYsODcsODgsODksOTAsOTEsOTIsOTMsOTQsOTUsOTYsGQH/////////////////////////////////' +
    '////////////////////////////////////////////////////////////////////////////////////////' +
    '////////////////////////////////////////////////////////////////////////////////////////' +
    '////////////////////////////////////////////////////////////////////////////////////////' +
    '///////////////////////////////////////////OUCwyMywy5yaO0QoBAAAPGQH/////////////////////' +
    '////////////////////////////////////////////////////////////////////////////////////////' +
    '////////////////////////////////////////////////////////////////////////////////////////' +
    '////////////////////////////////////////////////////////////////////////////////////////' +
    '////////////////////////////////////////////////////////6FAsNDQsNKA+ckixAAAADxkB////////' +
    '////////////////////////////////////////////////////////////////////////////////////////' +
    '////////////////////////////////////////////////////////////////////////////////////////' +
    '//////////////////////////////////////+BUDIsNTMsG4zb+wAAAAB4ziyr',
  'base64',
)

const text = Array.from({ length: 60_000 }, (_, index) => `${index % 97},`).join('')
