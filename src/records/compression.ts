// The codecs of record batches behind one pair of functions, each bounded by what the caller allows.
import { compressLz4, decompressLz4, decompressLz4Async } from './codecs/lz4.ts'
import {
  compressSnappy,
  compressSnappyAsync,
  decompressSnappy,
  decompressSnappyAsync,
} from './codecs/snappy.ts'
import type { Pause } from './codecs/stretches.ts'
import {
  compressGzip,
  compressGzipAsync,
  compressZstd,
  compressZstdAsync,
  decompressGzip,
  decompressGzipAsync,
  decompressZstd,
  decompressZstdAsync,
} from './codecs/zlib.ts'
import { RecordsError, tooLarge } from './records-error.ts'

/** The compression of a batch's records, as the lowest three bits of its attributes have it. */
export const Codec = { none: 0, gzip: 1, snappy: 2, lz4: 3, zstd: 4 } as const
export type Codec = (typeof Codec)[keyof typeof Codec]

interface Functions {
  compress(bytes: Buffer, level?: number): Buffer
  compressAsync(bytes: Buffer, pause: Pause, level?: number): Promise<Buffer>
  decompress(bytes: Buffer, sizeMax: number): Buffer
  decompressAsync(bytes: Buffer, sizeMax: number, pause: Pause): Promise<Buffer>
}

const within = (bytes: Buffer, sizeMax: number): Buffer => {
  if (bytes.length > sizeMax) throw tooLarge(sizeMax)
  return bytes
}

const functions: readonly Functions[] = [
  {
    compress: (bytes) => bytes,
    compressAsync: async (bytes) => bytes,
    decompress: within,
    decompressAsync: async (bytes, sizeMax) => within(bytes, sizeMax),
  },
  {
    compress: compressGzip,
    compressAsync: (bytes, _pause, level) => compressGzipAsync(bytes, level),
    decompress: decompressGzip,
    decompressAsync: decompressGzipAsync,
  },
  {
    compress: compressSnappy,
    compressAsync: compressSnappyAsync,
    decompress: decompressSnappy,
    decompressAsync: decompressSnappyAsync,
  },
  {
    compress: compressLz4,
    compressAsync: async (bytes) => compressLz4(bytes),
    decompress: decompressLz4,
    decompressAsync: decompressLz4Async,
  },
  {
    compress: compressZstd,
    compressAsync: (bytes, _pause, level) => compressZstdAsync(bytes, level),
    decompress: decompressZstd,
    decompressAsync: decompressZstdAsync,
  },
]

/**
 * Unfolds a batch's records. `codec` may be any number, as it stands in the attributes. Throws a
 * `RecordsError`: corrupt, an unknown codec, or more than `sizeMax` bytes, for which no more than that
 * was allocated. Without compression the answer is `bytes`. Damaged gzip and zstd keep their memory until
 * the garbage is collected, so bytes of strangers are better given to `decompressAsync`.
 */
export const decompress = (codec: number, bytes: Buffer, sizeMax: number): Buffer =>
  within(functionsOf(codec).decompress(bytes, sizeMax), sizeMax)

/** As `decompress`, on the thread pool, or on the event loop with pauses between stretches of a megabyte. */
export const decompressAsync = async (
  codec: number,
  bytes: Buffer,
  sizeMax: number,
  pause: Pause,
): Promise<Buffer> =>
  within(await functionsOf(codec).decompressAsync(bytes, sizeMax, pause), sizeMax)

/** Compresses records in the form that every client reads. Snappy and LZ4 have no levels. */
export const compress = (codec: Codec, bytes: Buffer, level?: number): Buffer =>
  functionsOf(codec).compress(bytes, level)

/** As `compress`, on the thread pool, or on the event loop with pauses. */
export const compressAsync = (
  codec: Codec,
  bytes: Buffer,
  pause: Pause,
  level?: number,
): Promise<Buffer> => functionsOf(codec).compressAsync(bytes, pause, level)

const functionsOf = (codec: number): Functions => {
  const found = functions[codec]
  if (!found) throw new RecordsError('RECORDS_UNKNOWN_CODEC', `there is no codec ${codec}`)
  return found
}
