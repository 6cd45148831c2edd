// `.txnindex`, as Kafka has it: for each aborted transaction whose marker stands in the segment 34 bytes:
// int16 version 0, int64 producer id, first offset, last offset (of the marker) and last stable offset.
import { type AbortedSpan, AbortedSpans } from '../aborted-spans.ts'

const entrySize = 34
const version = 0

export const encodeTransactionIndex = (spans: AbortedSpans): Buffer => {
  const bytes = Buffer.alloc(spans.count * entrySize)
  let position = 0
  for (const { producerId, firstOffset, lastOffset, lastStable } of spans) {
    bytes.writeInt16BE(version, position)
    bytes.writeBigInt64BE(BigInt(producerId), position + 2)
    bytes.writeBigInt64BE(BigInt(firstOffset), position + 10)
    bytes.writeBigInt64BE(BigInt(lastOffset), position + 18)
    bytes.writeBigInt64BE(BigInt(lastStable), position + 26)
    position += entrySize
  }
  return bytes
}

/** The transactions of a file; undefined when it is none of a segment that begins at `baseOffset`. */
export const decodeTransactionIndex = (
  bytes: Buffer,
  baseOffset: number,
): AbortedSpans | undefined => {
  if (bytes.length % entrySize !== 0) return undefined
  const spans = new AbortedSpans()
  let lastMarker = baseOffset - 1
  for (let position = 0; position < bytes.length; position += entrySize) {
    const span = spanAt(bytes, position)
    const { producerId, firstOffset, lastOffset, lastStable } = span
    const isSound =
      bytes.readInt16BE(position) === version &&
      producerId >= 0 &&
      firstOffset >= 0 &&
      firstOffset <= lastOffset &&
      lastOffset > lastMarker &&
      lastStable >= 0
    if (!isSound) return undefined
    lastMarker = lastOffset
    spans.add(span)
  }
  return spans
}

const spanAt = (bytes: Buffer, position: number): AbortedSpan => ({
  producerId: Number(bytes.readBigInt64BE(position + 2)),
  firstOffset: Number(bytes.readBigInt64BE(position + 10)),
  lastOffset: Number(bytes.readBigInt64BE(position + 18)),
  lastStable: Number(bytes.readBigInt64BE(position + 26)),
})
