import { deepEqual, equal, rejects, throws } from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as pause } from 'node:timers/promises'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { nativeSnappy } from './codecs/native.ts'
import { Codec, compress, compressAsync, decompress, decompressAsync } from './compression.ts'
import { RecordsError, type RecordsErrorCode } from './records-error.ts'

for (const [name, codec] of Object.entries(Codec)) {
  test(`what ${name} folds it unfolds, on and off the event loop`, async () => {
    for (const bytes of samples) {
      deepEqual(decompress(codec, compress(codec, bytes), bytes.length), bytes)
      deepEqual(
        await decompressAsync(codec, await compressAsync(codec, bytes, pause), bytes.length, pause),
        bytes,
      )
    }
  })

  test(`${name} that unfolds to one byte too many is too large`, async () => {
    for (const bytes of samples) {
      const folded = compress(codec, bytes)
      throws(() => decompress(codec, folded, bytes.length - 1), failure('RECORDS_TOO_LARGE'))
      await rejects(
        decompressAsync(codec, folded, bytes.length - 1, pause),
        failure('RECORDS_TOO_LARGE'),
      )
    }
  })

  if (codec === Codec.none) continue

  test(`${name} cut short is corrupt`, async () => {
    const folded = compress(codec, samples[2]!)
    for (const size of [0, 1, 7, 20, folded.length >> 1, folded.length - 5]) {
      throws(() => decompress(codec, folded.subarray(0, size), 1e6), failure('RECORDS_CORRUPT'))
      await rejects(
        decompressAsync(codec, folded.subarray(0, size), 1e6, pause),
        failure('RECORDS_CORRUPT'),
      )
    }
  })

  test(`${name} with bytes changed is unfolded or refused, never anything else`, async () => {
    const folded = compress(codec, samples[2]!)
    for (let position = 0; position < folded.length; position += 1 + (folded.length >> 8)) {
      const damaged = Buffer.from(folded)
      damaged[position]! ^= 0x55
      await settles(async () => decompress(codec, damaged, 1e6))
      if (position % 16 === 0) await settles(() => decompressAsync(codec, damaged, 1e6, pause))
    }
  })
}

test('a codec that Kafka does not have is refused', async () => {
  for (const codec of [5, 7, -1]) {
    throws(() => decompress(codec, Buffer.alloc(1), 10), failure('RECORDS_UNKNOWN_CODEC'))
    await rejects(
      decompressAsync(codec, Buffer.alloc(1), 10, pause),
      failure('RECORDS_UNKNOWN_CODEC'),
    )
  }
})

test('snappy without framing is read', async () => {
  const bare = nativeSnappy().compressSync(samples[2]!)
  deepEqual(decompress(Codec.snappy, bare, 1e6), samples[2])
  deepEqual(await decompressAsync(Codec.snappy, bare, 1e6, pause), samples[2])
})

test('snappy that was appended to has a second header among its blocks', () => {
  const folded = compress(Codec.snappy, samples[1]!)
  deepEqual(
    decompress(Codec.snappy, Buffer.concat([folded, folded]), 1e6),
    Buffer.concat([samples[1]!, samples[1]!]),
  )
})

test('snappy that declares a gigabyte in ten bytes is refused before memory is taken', () => {
  const liar = Buffer.from('8080808004ffffffffff', 'hex')
  throws(() => decompress(Codec.snappy, liar, 2 ** 31), failure('RECORDS_CORRUPT'))
})

test('a bomb of gzip or zstd takes no more memory than allowed', () => {
  const zeros = Buffer.alloc(64 * 1024 * 1024)
  for (const [codec, bomb] of [
    [Codec.gzip, gzipSync(zeros)],
    [Codec.zstd, zstdCompressSync(zeros)],
  ] as const) {
    const before = process.memoryUsage().arrayBuffers
    throws(() => decompress(codec, bomb, 1_000_000), failure('RECORDS_TOO_LARGE'))
    equal(process.memoryUsage().arrayBuffers - before < 8_000_000, true)
  }
})

test('gzip and zstd have levels', () => {
  const fast = compress(Codec.zstd, samples[2]!, -100)
  equal(compress(Codec.zstd, samples[2]!, 19).length < fast.length, true)
  deepEqual(decompress(Codec.zstd, fast, 1e6), samples[2])
  equal(compress(Codec.gzip, samples[2]!, 0).length > samples[2]!.length, true)
})

const samples = [
  Buffer.from('x'),
  Buffer.from('a short text, a short text, a short text'),
  Buffer.from(Array.from({ length: 20_000 }, (_, index) => `${(index * 7919) % 1009}`).join(' ')),
]

const failure =
  (code: RecordsErrorCode) =>
  (error: unknown): boolean =>
    error instanceof RecordsError && error.code === code

const settles = async (unfold: () => Promise<Buffer>): Promise<void> => {
  try {
    await unfold()
  } catch (error) {
    if (!(error instanceof RecordsError)) throw error
  }
}
