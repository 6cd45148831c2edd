// gzip and zstd, which Node has itself. Several members or frames in a row unfold to one another's
// continuation.
import {
  constants,
  gunzip,
  gunzipSync,
  gzip,
  gzipSync,
  type ZlibOptions,
  type ZstdOptions,
  zstdCompress,
  zstdCompressSync,
  zstdDecompress,
  zstdDecompressSync,
} from 'node:zlib'
import { corrupt, tooLarge } from '../records-error.ts'

/** Output grows in pieces of this size. */
const chunkSize = 65_536

export const compressGzip = (bytes: Buffer, level?: number): Buffer =>
  gzipSync(bytes, gzipLevel(level))

export const compressGzipAsync = (bytes: Buffer, level?: number): Promise<Buffer> =>
  settled((done) => gzip(bytes, gzipLevel(level), done))

export const compressZstd = (bytes: Buffer, level?: number): Buffer =>
  zstdCompressSync(bytes, zstdLevel(level))

export const compressZstdAsync = (bytes: Buffer, level?: number): Promise<Buffer> =>
  settled((done) => zstdCompress(bytes, zstdLevel(level), done))

/** Unfolds gzip; throws a `RecordsError`, and takes at most `sizeMax` bytes of memory. */
export const decompressGzip = (bytes: Buffer, sizeMax: number): Buffer =>
  guarded(sizeMax, () => gunzipSync(bytes, bounded(sizeMax)))

export const decompressGzipAsync = (bytes: Buffer, sizeMax: number): Promise<Buffer> =>
  settled<Buffer>((done) => gunzip(bytes, bounded(sizeMax), done)).catch((error: unknown) =>
    fail(sizeMax, error),
  )

/**
 * Unfolds zstd; throws a `RecordsError`. Beside the output it may reserve the window that the frame
 * asks for, at most 128 MiB, of which it touches no more than it writes.
 */
export const decompressZstd = (bytes: Buffer, sizeMax: number): Buffer =>
  guarded(sizeMax, () => zstdDecompressSync(bytes, bounded(sizeMax)))

export const decompressZstdAsync = (bytes: Buffer, sizeMax: number): Promise<Buffer> =>
  settled<Buffer>((done) => zstdDecompress(bytes, bounded(sizeMax), done)).catch((error: unknown) =>
    fail(sizeMax, error),
  )

const gzipLevel = (level: number | undefined): ZlibOptions => (level === undefined ? {} : { level })

const zstdLevel = (level: number | undefined): ZstdOptions =>
  level === undefined ? {} : { params: { [constants.ZSTD_c_compressionLevel]: level } }

/** Node takes no bound of 0; what then comes out too large is found afterwards. */
const bounded = (sizeMax: number) => ({ maxOutputLength: Math.max(sizeMax, 1), chunkSize })

const settled = <Result>(
  start: (done: (error: Error | null, result: Result) => void) => void,
): Promise<Result> =>
  new Promise((resolve, reject) => {
    start((error, result) => (error ? reject(error) : resolve(result)))
  })

const guarded = (sizeMax: number, unfold: () => Buffer): Buffer => {
  try {
    return unfold()
  } catch (error) {
    return fail(sizeMax, error)
  }
}

const fail = (sizeMax: number, error: unknown): never => {
  throw (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE'
    ? tooLarge(sizeMax)
    : corrupt('the compressed data is damaged', error)
}
