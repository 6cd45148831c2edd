// The records inside a batch, once they are unfolded. Each is a length and then: attributes, the
// distance of its time and of its offset from the batch's first, key, value, headers, all in varints.
import { BytesError, Reader } from '#bytes'
import { corrupt, type RecordsError } from './records-error.ts'

/** A header of a record: a name, which may occur twice, and bytes or none. */
export interface RecordHeader {
  key: string
  value: Buffer | null
}

/** A record by itself. Its bytes are views of the batch. */
export interface BatchRecord {
  offset: number
  timestampMs: number
  key: Buffer | null
  value: Buffer | null
  headers: readonly RecordHeader[]
}

/** What of a batch's header its records need to be understood. */
export interface BatchFrame {
  baseOffset: number
  baseTimestampMs: number
  /** How many records there are. */
  count: number
  /** Under LogAppendTime the time of all records, which is the batch's largest. */
  appendTimeMs?: number | undefined
}

const none = -1

/**
 * Walks the records of a batch: after `next()` has answered true the fields tell of one record, and
 * nothing is allocated for what is not asked for. Throws a `RecordsError` where the bytes are not what
 * the batch says; the walk ends at its count and must then have used all bytes.
 */
export class RecordCursor {
  /** Of the record stood at. */
  offset = none
  timestampMs = none
  /** The position of the record, where its length begins. */
  position = 0
  readonly #reader: Reader
  readonly #batch: BatchFrame
  #left: number
  #end = 0
  #keyStart = none
  #keySize = none
  #valueStart = none
  #valueSize = none
  #headersStart = 0

  constructor(records: Buffer, batch: BatchFrame) {
    this.#reader = new Reader(records)
    this.#batch = batch
    this.#left = batch.count
  }

  /** Goes to the next record; false when there is none. */
  next(): boolean {
    const reader = this.#reader
    if (this.#left <= 0) {
      if (reader.remaining > 0) throw corrupt('there are bytes after the last record of the batch')
      return false
    }
    this.#left -= 1
    this.position = reader.position
    try {
      this.#walk(reader)
    } catch (error) {
      throw asRecordsError(error)
    }
    return true
  }

  get key(): Buffer | null {
    return this.#view(this.#keyStart, this.#keySize)
  }

  get value(): Buffer | null {
    return this.#view(this.#valueStart, this.#valueSize)
  }

  /** The headers, read now. */
  headers(): RecordHeader[] {
    const reader = new Reader(this.#reader.buffer, this.#headersStart, this.#end)
    try {
      const count = reader.varint()
      reader.expect(count, 2)
      const headers: RecordHeader[] = []
      for (let index = 0; index < count; index += 1)
        headers.push({ key: textOf(reader), value: bytesOf(reader) })
      if (reader.remaining > 0) throw corrupt('there are bytes after the headers of a record')
      return headers
    } catch (error) {
      throw asRecordsError(error)
    }
  }

  #walk(reader: Reader): void {
    const size = reader.varint()
    this.#end = reader.position + size
    if (size < 0 || this.#end > reader.end) throw corrupt(`a record claims to have ${size} bytes`)
    reader.skip(1)
    const batch = this.#batch
    const timestampMs = batch.baseTimestampMs + reader.varlong()
    this.timestampMs = batch.appendTimeMs ?? timestampMs
    const delta = reader.varint()
    if (delta < 0) throw corrupt(`the offset of a record lies ${delta} before that of its batch`)
    this.offset = batch.baseOffset + delta

    this.#keySize = reader.varint()
    this.#keyStart = reader.position
    if (this.#keySize > 0) reader.skip(this.#keySize)
    this.#valueSize = reader.varint()
    this.#valueStart = reader.position
    if (this.#valueSize > 0) reader.skip(this.#valueSize)
    this.#headersStart = reader.position
    if (this.#headersStart >= this.#end) throw corrupt('a record is shorter than its parts')
    reader.position = this.#end
  }

  #view(start: number, size: number): Buffer | null {
    return size < 0 ? null : this.#reader.buffer.subarray(start, start + size)
  }
}

/** Reads all records of a batch; throws as the cursor does. */
export const readRecords = (records: Buffer, batch: BatchFrame): BatchRecord[] => {
  const cursor = new RecordCursor(records, batch)
  const all: BatchRecord[] = []
  while (cursor.next()) {
    const { offset, timestampMs, key, value } = cursor
    all.push({ offset, timestampMs, key, value, headers: cursor.headers() })
  }
  return all
}

const textOf = (reader: Reader): string => {
  const size = reader.varint()
  if (size < 0) throw corrupt('a header of a record has no name')
  return reader.bytes(size).toString()
}

const bytesOf = (reader: Reader): Buffer | null => {
  const size = reader.varint()
  return size < 0 ? null : reader.bytes(size)
}

const asRecordsError = (error: unknown): RecordsError => {
  if (error instanceof BytesError) return corrupt(error.message, error)
  return error as RecordsError
}
