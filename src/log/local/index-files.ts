// The two index files of a segment, as Kafka has them. `.index`: int32 offset relative to the segment's
// base (of the last record of a batch) and int32 position of that batch. `.timeindex`: int64 time and
// int32 relative offset: the largest time up to and including that record.
import { SparseIndex } from './sparse-index.ts'

/** Bytes of an entry of `.index`. */
export const offsetEntrySize = 8
const timeEntrySize = 12
const twoToThe32 = 2 ** 32
const int32Max = 0x7fffffff

export const encodeOffsetIndex = (index: SparseIndex, baseOffset: number): Buffer => {
  const bytes = Buffer.allocUnsafe(index.count * offsetEntrySize)
  for (let entry = 0; entry < index.count; entry += 1) {
    bytes.writeInt32BE(index.keyAt(entry) - baseOffset, entry * offsetEntrySize)
    bytes.writeInt32BE(index.valueAt(entry), entry * offsetEntrySize + 4)
  }
  return bytes
}

/** The index of a file; undefined when it is not in order or points beyond `segmentSize`. */
export const decodeOffsetIndex = (
  bytes: Buffer,
  baseOffset: number,
  segmentSize: number,
): SparseIndex | undefined => {
  if (bytes.length % offsetEntrySize !== 0) return undefined
  const index = new SparseIndex()
  for (let position = 0; position < bytes.length; position += offsetEntrySize) {
    const offset = baseOffset + bytes.readInt32BE(position)
    const place = bytes.readInt32BE(position + 4)
    const last = index.count > 0 ? index.valueAt(index.count - 1) : -1
    if (offset < baseOffset || offset <= index.lastKey || place <= last || place >= segmentSize)
      return undefined
    index.add(offset, place)
  }
  return index
}

/** Keys are times, values are offsets. */
export const encodeTimeIndex = (index: SparseIndex, baseOffset: number): Buffer => {
  const bytes = Buffer.allocUnsafe(index.count * timeEntrySize)
  for (let entry = 0; entry < index.count; entry += 1) {
    const position = entry * timeEntrySize
    const time = index.keyAt(entry)
    // A time that saturated to 2^63 when it was read as a number is again the largest there is.
    bytes.writeInt32BE(Math.min(Math.floor(time / twoToThe32), int32Max), position)
    bytes.writeUInt32BE(time >>> 0, position + 4)
    bytes.writeInt32BE(index.valueAt(entry) - baseOffset, position + 8)
  }
  return bytes
}

export const decodeTimeIndex = (bytes: Buffer, baseOffset: number): SparseIndex | undefined => {
  if (bytes.length % timeEntrySize !== 0) return undefined
  const index = new SparseIndex()
  for (let position = 0; position < bytes.length; position += timeEntrySize) {
    const time = bytes.readInt32BE(position) * twoToThe32 + bytes.readUInt32BE(position + 4)
    const offset = baseOffset + bytes.readInt32BE(position + 8)
    if (offset < baseOffset || (index.count > 0 && time <= index.lastKey)) return undefined
    index.add(time, offset)
  }
  return index
}
