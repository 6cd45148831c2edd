// A batch with fewer records than it had: what is left keeps its offsets, times and its producer's
// numbers, and readers and producers find everything else as it was (KIP-534 for the delete horizon).
import { crc32c } from '#bytes'
import { Codec } from './compression.ts'
import {
  attributesOf,
  BatchField,
  baseTimestampOf,
  batchHeaderSize,
  lengthEnd,
  writeInt64,
} from './header.ts'

const codecBits = 0x07
const deleteHorizonBit = 0x40
const noTime = -1

/** What becomes of a batch whose records are filtered; what is left out stays. */
export interface BatchRewrite {
  /** The records, compressed as the batch says. */
  body: Buffer
  count: number
  /** How the records are compressed now, where that is another way than before. */
  codec?: Codec | undefined
  /** From when on the batch's tombstones, or its marker, may go; the times count from here then. */
  deleteHorizonMs?: number | undefined
  maxTimestampMs?: number | undefined
}

/** When the batch's tombstones, or its marker, may go; undefined when that has not been said yet. */
export const deleteHorizonOf = (bytes: Buffer, start = 0): number | undefined =>
  (attributesOf(bytes, start) & deleteHorizonBit) === 0 ? undefined : baseTimestampOf(bytes, start)

/** Returns a batch at the same offsets, of the same producer, with these records and a right checksum. */
export const rewriteBatch = (batch: Buffer, rewrite: BatchRewrite): Buffer => {
  const { body, count, codec, deleteHorizonMs, maxTimestampMs } = rewrite
  const bytes = Buffer.allocUnsafe(batchHeaderSize + body.length)
  batch.copy(bytes, 0, 0, batchHeaderSize)
  body.copy(bytes, batchHeaderSize)
  if (codec !== undefined)
    bytes.writeInt16BE((attributesOf(bytes) & ~codecBits) | codec, BatchField.attributes)
  if (deleteHorizonMs !== undefined) {
    bytes.writeInt16BE(attributesOf(bytes) | deleteHorizonBit, BatchField.attributes)
    writeInt64(bytes, BatchField.baseTimestamp, deleteHorizonMs)
  }
  if (maxTimestampMs !== undefined) writeInt64(bytes, BatchField.maxTimestamp, maxTimestampMs)
  return sealed(bytes, count)
}

/**
 * Returns the batch without records: its offsets, its producer's id, epoch and sequence, and its largest
 * time stay known.
 */
export const emptyBatch = (batch: Buffer): Buffer => {
  const bytes = Buffer.from(batch.subarray(0, batchHeaderSize))
  const attributes = attributesOf(bytes) & ~(codecBits | deleteHorizonBit)
  bytes.writeInt16BE(attributes | Codec.none, BatchField.attributes)
  writeInt64(bytes, BatchField.baseTimestamp, noTime)
  return sealed(bytes, 0)
}

const sealed = (bytes: Buffer, count: number): Buffer => {
  bytes.writeInt32BE(bytes.length - lengthEnd, BatchField.length)
  bytes.writeInt32BE(count, BatchField.count)
  bytes.writeUInt32BE(crc32c(bytes.subarray(BatchField.attributes)), BatchField.crc)
  return bytes
}
