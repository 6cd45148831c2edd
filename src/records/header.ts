// The header of a record batch, magic 2: 61 bytes, big-endian. Base offset and leader epoch lie outside
// the checksum, so that a broker can set them without touching anything else.
import { crc32c } from '#bytes'

/** Where the header's fields stand, in bytes from the batch's beginning. */
export const BatchField = {
  baseOffset: 0,
  /** Size of what follows this field. */
  length: 8,
  leaderEpoch: 12,
  magic: 16,
  crc: 17,
  attributes: 21,
  lastOffsetDelta: 23,
  baseTimestamp: 27,
  maxTimestamp: 35,
  producerId: 43,
  producerEpoch: 51,
  baseSequence: 53,
  count: 57,
} as const

/** Bytes of the header, and so of the smallest batch. */
export const batchHeaderSize = 61
/** Bytes before what the length counts. */
export const lengthEnd = 12

const twoToThe32 = 2 ** 32
const timestampTypeBit = 0x08
const transactionalBit = 0x10
const controlBit = 0x20

/** A signed 64-bit number, exact within ±2^53. */
const int64 = (bytes: Buffer, position: number): number =>
  bytes.readInt32BE(position) * twoToThe32 + bytes.readUInt32BE(position + 4)

/** Writes a signed 64-bit number within ±2^53. */
export const writeInt64 = (bytes: Buffer, position: number, value: number): void => {
  bytes.writeInt32BE(Math.floor(value / twoToThe32), position)
  bytes.writeUInt32BE(value >>> 0, position + 4)
}

/** Each takes the batch's bytes and where in them the batch begins. */
export const baseOffsetOf = (bytes: Buffer, start = 0): number =>
  int64(bytes, start + BatchField.baseOffset)
/** The whole batch in bytes, as it says of itself. */
export const batchSizeOf = (bytes: Buffer, start = 0): number =>
  lengthEnd + bytes.readInt32BE(start + BatchField.length)
export const leaderEpochOf = (bytes: Buffer, start = 0): number =>
  bytes.readInt32BE(start + BatchField.leaderEpoch)
export const magicOf = (bytes: Buffer, start = 0): number =>
  bytes.readInt8(start + BatchField.magic)
export const attributesOf = (bytes: Buffer, start = 0): number =>
  bytes.readInt16BE(start + BatchField.attributes)
export const lastOffsetDeltaOf = (bytes: Buffer, start = 0): number =>
  bytes.readInt32BE(start + BatchField.lastOffsetDelta)
export const lastOffsetOf = (bytes: Buffer, start = 0): number =>
  baseOffsetOf(bytes, start) + lastOffsetDeltaOf(bytes, start)
export const baseTimestampOf = (bytes: Buffer, start = 0): number =>
  int64(bytes, start + BatchField.baseTimestamp)
export const maxTimestampOf = (bytes: Buffer, start = 0): number =>
  int64(bytes, start + BatchField.maxTimestamp)
export const producerIdOf = (bytes: Buffer, start = 0): number =>
  int64(bytes, start + BatchField.producerId)
export const producerEpochOf = (bytes: Buffer, start = 0): number =>
  bytes.readInt16BE(start + BatchField.producerEpoch)
export const baseSequenceOf = (bytes: Buffer, start = 0): number =>
  bytes.readInt32BE(start + BatchField.baseSequence)
export const recordCountOf = (bytes: Buffer, start = 0): number =>
  bytes.readInt32BE(start + BatchField.count)

/** The number of the codec; see `Codec`. */
export const codecOf = (attributes: number): number => attributes & 0x07
export const isLogAppendTime = (attributes: number): boolean =>
  (attributes & timestampTypeBit) !== 0
export const isTransactional = (attributes: number): boolean =>
  (attributes & transactionalBit) !== 0
export const isControl = (attributes: number): boolean => (attributes & controlBit) !== 0

/** Puts a batch at its place in a log; the checksum stands. */
export const placeBatch = (batch: Buffer, baseOffset: number, leaderEpoch: number): void => {
  writeInt64(batch, BatchField.baseOffset, baseOffset)
  batch.writeInt32BE(leaderEpoch, BatchField.leaderEpoch)
}

/** Makes the broker's time that of all records of a batch, and its checksum right again. */
export const stampBatch = (batch: Buffer, timestampMs: number): void => {
  batch.writeInt16BE(attributesOf(batch) | timestampTypeBit, BatchField.attributes)
  writeInt64(batch, BatchField.maxTimestamp, timestampMs)
  batch.writeUInt32BE(checksumOf(batch, 0, batch.length), BatchField.crc)
}

/** Makes a batch say that its times are its producer's, and which is the largest; the checksum follows. */
export const setCreateTime = (batch: Buffer, timestampMs: number): void => {
  batch.writeInt16BE(attributesOf(batch) & ~timestampTypeBit, BatchField.attributes)
  writeInt64(batch, BatchField.maxTimestamp, timestampMs)
  batch.writeUInt32BE(checksumOf(batch, 0, batch.length), BatchField.crc)
}

/** Whether the bytes from `start` to `end` are what the batch's checksum says. */
export const checksumMatches = (bytes: Buffer, start: number, end: number): boolean =>
  bytes.readUInt32BE(start + BatchField.crc) === checksumOf(bytes, start, end)

const checksumOf = (bytes: Buffer, start: number, end: number): number =>
  crc32c(bytes.subarray(start + BatchField.attributes, end))
