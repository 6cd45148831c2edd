// What both codecs share: the forms of a single value, and of the tagged fields after a structure.
//
// A length is an int16 (strings) or int32, with -1 for null; in flexible versions it is a varint of
// the length plus one, with 0 for null (KIP-482).
import { type Reader, Writer } from '#bytes'
import { ProtocolError } from './protocol-error.ts'
import type { UnknownTag } from './schema.ts'

/** Memory for a tagged field while its size is not known. */
const tagSizeUsual = 512
const stringSizeMax = 0x7fff

/** Writes the value of one tagged field. */
type WriteValue = (writer: Writer, value: never) => void

/** A known tagged field that is due. */
export interface KnownTag {
  tag: number
  write: WriteValue
  value: unknown
}

export function readString(reader: Reader): string {
  return reader.text(present(length(reader.int16())))
}

export function readNullableString(reader: Reader): string | null {
  const size = length(reader.int16())
  return size < 0 ? null : reader.text(size)
}

export function readCompactString(reader: Reader): string {
  return reader.text(present(compactStringSize(reader)))
}

export function readCompactNullableString(reader: Reader): string | null {
  const size = compactStringSize(reader)
  return size < 0 ? null : reader.text(size)
}

export function readBytes(reader: Reader): Buffer {
  return reader.bytes(present(length(reader.int32())))
}

export function readNullableBytes(reader: Reader): Buffer | null {
  const size = length(reader.int32())
  return size < 0 ? null : reader.bytes(size)
}

export function readCompactBytes(reader: Reader): Buffer {
  return reader.bytes(present(reader.unsignedVarint() - 1))
}

export function readCompactNullableBytes(reader: Reader): Buffer | null {
  const size = reader.unsignedVarint() - 1
  return size < 0 ? null : reader.bytes(size)
}

/** Reads how many elements follow, checks that they can be there, and counts `cost` for each. */
export function readCount(reader: Reader, sizeMin: number, cost: number): number {
  return checked(reader, present(length(reader.int32())), sizeMin, cost)
}

/** As `readCount`; -1 is null. */
export function readNullableCount(reader: Reader, sizeMin: number, cost: number): number {
  return checked(reader, length(reader.int32()), sizeMin, cost)
}

/** As `readCount`, in the compact form. */
export function readCompactCount(reader: Reader, sizeMin: number, cost: number): number {
  return checked(reader, present(reader.unsignedVarint() - 1), sizeMin, cost)
}

/** As `readNullableCount`, in the compact form. */
export function readCompactNullableCount(reader: Reader, sizeMin: number, cost: number): number {
  return checked(reader, reader.unsignedVarint() - 1, sizeMin, cost)
}

/** Writes how many elements follow; -1 is null. */
export function writeCount(writer: Writer, count: number, compact: boolean): void {
  if (compact) writer.unsignedVarint(count + 1)
  else writer.int32(count)
}

/** Reads the byte before a structure that may be null and tells whether it is there. */
export function readPresence(reader: Reader): boolean {
  return length(reader.int8()) >= 0
}

export function writeNullableString(writer: Writer, value: string | null): void {
  if (value === null) writer.int16(-1)
  else writer.string(value)
}

export function writeCompactNullableString(writer: Writer, value: string | null): void {
  if (value === null) writer.unsignedVarint(0)
  else writer.compactString(value)
}

export function writeBytes(writer: Writer, value: Uint8Array): void {
  writer.int32(value.byteLength)
  writer.bytes(value)
}

export function writeNullableBytes(writer: Writer, value: Uint8Array | null): void {
  if (value === null) writer.int32(-1)
  else writeBytes(writer, value)
}

export function writeCompactBytes(writer: Writer, value: Uint8Array): void {
  writer.unsignedVarint(value.byteLength + 1)
  writer.bytes(value)
}

export function writeCompactNullableBytes(writer: Writer, value: Uint8Array | null): void {
  if (value === null) writer.unsignedVarint(0)
  else writeCompactBytes(writer, value)
}

/** Record batches: one piece of bytes or several, which stay where they are. */
type Records = Uint8Array | readonly Uint8Array[]

export function writeRecords(writer: Writer, value: Records): void {
  writer.int32(recordsSize(value))
  writePieces(writer, value)
}

export function writeNullableRecords(writer: Writer, value: Records | null): void {
  if (value === null) writer.int32(-1)
  else writeRecords(writer, value)
}

export function writeCompactRecords(writer: Writer, value: Records): void {
  writer.unsignedVarint(recordsSize(value) + 1)
  writePieces(writer, value)
}

export function writeCompactNullableRecords(writer: Writer, value: Records | null): void {
  if (value === null) writer.unsignedVarint(0)
  else writeCompactRecords(writer, value)
}

/** Returns the bytes of record batches in one piece or several. */
export function recordsSize(value: Records): number {
  if (value instanceof Uint8Array) return value.byteLength
  let size = 0
  for (const piece of value) size += piece.byteLength
  return size
}

/** Reads the size of a tagged field and returns the position of its end. */
export function readTagEnd(reader: Reader): number {
  const size = reader.unsignedVarint()
  reader.expect(size, 1)
  return reader.position + size
}

/** Throws unless a known tagged field was as long as it said. */
export function endTag(reader: Reader, end: number): void {
  if (reader.position !== end)
    throw new ProtocolError('PROTOCOL_MALFORMED', 'a tagged field is not as long as it says')
}

/** Keeps the bytes of a tagged field that nobody here knows. */
export function keepTag(
  kept: UnknownTag[] | undefined,
  tag: number,
  reader: Reader,
  end: number,
): UnknownTag[] {
  reader.spend(1)
  const unknown = { tag, bytes: reader.bytes(end - reader.position) }
  if (!kept) return [unknown]
  kept.push(unknown)
  return kept
}

/** Writes the tagged fields after a structure in the order of their numbers. */
export function writeTags(
  writer: Writer,
  known: readonly KnownTag[] | undefined,
  unknown: readonly UnknownTag[] | undefined,
): void {
  const count = (known?.length ?? 0) + (unknown?.length ?? 0)
  writer.unsignedVarint(count)
  if (count === 0) return
  const all = [...(known ?? []), ...(unknown ?? [])].sort((one, other) => one.tag - other.tag)
  for (const entry of all) {
    writer.unsignedVarint(entry.tag)
    if ('bytes' in entry) {
      writer.unsignedVarint(entry.bytes.byteLength)
      writer.bytes(entry.bytes)
    } else writeKnownTag(writer, entry)
  }
}

function writeKnownTag(writer: Writer, { write, value }: KnownTag): void {
  const nested = new Writer(Buffer.allocUnsafe(tagSizeUsual))
  write(nested, value as never)
  writer.unsignedVarint(nested.size)
  for (const chunk of nested.finish()) writer.bytes(chunk)
}

function writePieces(writer: Writer, value: Records): void {
  if (value instanceof Uint8Array) writer.bytes(value)
  else for (const piece of value) writer.bytes(piece)
}

/** The compact form could say more than the legacy one; Kafka allows neither. */
function compactStringSize(reader: Reader): number {
  const size = reader.unsignedVarint() - 1
  if (size > stringSizeMax)
    throw new ProtocolError('PROTOCOL_MALFORMED', `a string has ${size} bytes`)
  return size
}

/** Refuses a length below -1, which is null. */
function length(declared: number): number {
  if (declared < -1) throw new ProtocolError('PROTOCOL_MALFORMED', `a length is ${declared}`)
  return declared
}

function present(size: number): number {
  if (size < 0) throw new ProtocolError('PROTOCOL_MALFORMED', 'a value is null and may not be')
  return size
}

function checked(reader: Reader, count: number, sizeMin: number, cost: number): number {
  if (count <= 0) return count
  reader.expect(count, sizeMin)
  reader.spend(count * cost)
  return count
}
