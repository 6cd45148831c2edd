// New batches of magic 2. Header, big-endian: base offset 8, length of what follows 4, leader epoch 4,
// magic 1, CRC-32C of all after it 4, attributes 2, last offset delta 4, base timestamp 8, largest
// timestamp 8, producer id 8, producer epoch 2, base sequence 4, count 4; then the records.
import { crc32c, varintSize, varlongSize, writeVarint, writeVarlong } from '#bytes'
import { assert } from '#model'
import type { Pause } from './codecs/stretches.ts'
import { Codec, compress, compressAsync } from './compression.ts'

/** A header of a record that is to be written. */
export interface NewHeader {
  key: string
  value: Uint8Array | null
}

/** A record that is to be written. */
export interface NewRecord {
  timestampMs: number
  key: Uint8Array | null
  value: Uint8Array | null
  headers?: readonly NewHeader[]
}

/** What a batch says of itself; what is left out is as a plain producer has it. */
export interface BatchOptions {
  baseOffset?: number
  leaderEpoch?: number
  codec?: Codec
  /** The level of gzip or zstd. */
  level?: number | undefined
  producerId?: number
  producerEpoch?: number
  baseSequence?: number
  isTransactional?: boolean
  /** The batch carries a marker; clients pass over it. */
  isControl?: boolean
  /** LogAppendTime: the broker's time, which counts for all records. */
  appendTimeMs?: number | undefined
}

const headerSize = 61
const lengthPosition = 8
const crcPosition = 17
const attributesPosition = 21
const magic = 2
const none = -1
const logAppendTimeBit = 0x08
const transactionalBit = 0x10
const controlBit = 0x20

/** Returns a batch of at least one record, offsets without gaps, with its checksum. */
export const buildBatch = (records: readonly NewRecord[], options: BatchOptions = {}): Buffer => {
  const { codec = Codec.none, level } = options
  const bytes = encode(records)
  if (codec === Codec.none) return finish(bytes, records, options)
  return finish(
    withHeaderRoom(compress(codec, bytes.subarray(headerSize), level)),
    records,
    options,
  )
}

/** As `buildBatch`, compressing off the event loop. */
export const buildBatchAsync = async (
  records: readonly NewRecord[],
  pause: Pause,
  options: BatchOptions = {},
): Promise<Buffer> => {
  const { codec = Codec.none, level } = options
  const bytes = encode(records)
  if (codec === Codec.none) return finish(bytes, records, options)
  const compressed = await compressAsync(codec, bytes.subarray(headerSize), pause, level)
  return finish(withHeaderRoom(compressed), records, options)
}

/** What a marker says of the producer's transaction. */
export const MarkerType = { abort: 0, commit: 1 } as const
export type MarkerType = (typeof MarkerType)[keyof typeof MarkerType]

/** A transaction's end as it is written to each of its partitions (KIP-98). */
export interface Marker {
  type: MarkerType
  timestampMs: number
  producerId: number
  producerEpoch: number
  coordinatorEpoch: number
}

/** Returns the control batch that ends a producer's transaction in one partition. */
export const buildMarker = (
  { type, timestampMs, producerId, producerEpoch, coordinatorEpoch }: Marker,
  { baseOffset, leaderEpoch }: Pick<BatchOptions, 'baseOffset' | 'leaderEpoch'> = {},
): Buffer => {
  const key = Buffer.alloc(4)
  key.writeInt16BE(type, 2)
  const value = Buffer.alloc(6)
  value.writeInt32BE(coordinatorEpoch, 2)
  return buildBatch([{ timestampMs, key, value }], {
    baseOffset: baseOffset ?? 0,
    leaderEpoch: leaderEpoch ?? none,
    producerId,
    producerEpoch,
    isTransactional: true,
    isControl: true,
  })
}

/** The records behind room for the header. */
const encode = (records: readonly NewRecord[]): Buffer => {
  const first = records[0]
  assert(first, 'A batch has at least one record.')
  const base = first.timestampMs
  const sizes = records.map((record, index) => bodySize(record, record.timestampMs - base, index))
  const total = sizes.reduce((sum, size) => sum + varintSize(size) + size, headerSize)
  const bytes = Buffer.allocUnsafe(total)
  let position = headerSize
  records.forEach((record, index) => {
    position = writeVarint(bytes, position, sizes[index]!)
    bytes[position++] = 0
    position = writeVarlong(bytes, position, record.timestampMs - base)
    position = writeVarint(bytes, position, index)
    position = writeBytes(bytes, position, record.key)
    position = writeBytes(bytes, position, record.value)
    const headers = record.headers ?? []
    position = writeVarint(bytes, position, headers.length)
    for (const { key, value } of headers) {
      const size = Buffer.byteLength(key)
      position = writeVarint(bytes, position, size)
      position += bytes.write(key, position, size)
      position = writeBytes(bytes, position, value)
    }
  })
  assert(position === total, 'A batch is as long as the sum of its parts.')
  return bytes
}

const bodySize = (record: NewRecord, timestampDelta: number, offsetDelta: number): number => {
  const headers = record.headers ?? []
  let size = 1 + varlongSize(timestampDelta) + varintSize(offsetDelta)
  size += bytesSize(record.key) + bytesSize(record.value) + varintSize(headers.length)
  for (const { key, value } of headers) {
    const keySize = Buffer.byteLength(key)
    size += varintSize(keySize) + keySize + bytesSize(value)
  }
  return size
}

const bytesSize = (bytes: Uint8Array | null): number =>
  bytes ? varintSize(bytes.length) + bytes.length : 1

const writeBytes = (target: Buffer, position: number, bytes: Uint8Array | null): number => {
  if (!bytes) return writeVarint(target, position, none)
  const start = writeVarint(target, position, bytes.length)
  target.set(bytes, start)
  return start + bytes.length
}

const withHeaderRoom = (records: Buffer): Buffer => {
  const bytes = Buffer.allocUnsafe(headerSize + records.length)
  records.copy(bytes, headerSize)
  return bytes
}

const finish = (bytes: Buffer, records: readonly NewRecord[], options: BatchOptions): Buffer => {
  const { baseOffset = 0, leaderEpoch = none, codec = Codec.none, appendTimeMs } = options
  const { producerId = none, producerEpoch = none, baseSequence = none } = options
  let maxTimestampMs = records[0]!.timestampMs
  for (const { timestampMs } of records) maxTimestampMs = Math.max(maxTimestampMs, timestampMs)
  writeInt64(bytes, 0, baseOffset)
  bytes.writeInt32BE(bytes.length - lengthPosition - 4, lengthPosition)
  bytes.writeInt32BE(leaderEpoch, 12)
  bytes[16] = magic
  bytes.writeInt16BE(attributesOf(codec, options), attributesPosition)
  bytes.writeInt32BE(records.length - 1, 23)
  writeInt64(bytes, 27, records[0]!.timestampMs)
  writeInt64(bytes, 35, appendTimeMs ?? maxTimestampMs)
  writeInt64(bytes, 43, producerId)
  bytes.writeInt16BE(producerEpoch, 51)
  bytes.writeInt32BE(baseSequence, 53)
  bytes.writeInt32BE(records.length, 57)
  bytes.writeUInt32BE(crc32c(bytes.subarray(attributesPosition)), crcPosition)
  return bytes
}

const attributesOf = (codec: Codec, options: BatchOptions): number =>
  codec |
  (options.appendTimeMs === undefined ? 0 : logAppendTimeBit) |
  (options.isTransactional ? transactionalBit : 0) |
  (options.isControl ? controlBit : 0)

const writeInt64 = (bytes: Buffer, position: number, value: number): void => {
  bytes.writeInt32BE(Math.floor(value / 2 ** 32), position)
  bytes.writeUInt32BE(value >>> 0, position + 4)
}
