import { RecordsError } from '#records'

/**
 * Walks the records of a batch, unfolded, and says where their parts stand; nothing is allocated and
 * nothing copied. Throws a `RecordsError` where the bytes are not `count` whole records.
 */
export class RecordWalk {
  readonly bytes: Buffer
  /** Where the record begins, with its length, and ends. */
  start = 0
  end = 0
  /** Where what follows its length begins. */
  bodyStart = 0
  timestampDelta = 0
  /** Where what follows its time begins. */
  timestampEnd = 0
  offsetDelta = 0
  keyStart = 0
  /** -1 for none. */
  keySize = 0
  /** -1 for none, which makes a tombstone of a record with a key. */
  valueSize = 0
  valueStart = 0
  #left: number
  #position = 0

  constructor(bytes: Buffer, count: number) {
    this.bytes = bytes
    this.#left = count
  }

  /** Goes to the next record; false when there is none. */
  next(): boolean {
    if (this.#left <= 0) {
      if (this.end !== this.bytes.length) throw corrupt()
      return false
    }
    this.#left -= 1
    this.start = this.end
    this.#position = this.end
    const size = this.#varint()
    this.bodyStart = this.#position
    this.end = this.bodyStart + size
    if (size < 1 || !(this.end <= this.bytes.length)) throw corrupt()
    // The attributes of a record are a byte without meaning.
    this.#position += 1
    this.timestampDelta = this.#varint()
    this.timestampEnd = this.#position
    this.offsetDelta = this.#varint()
    this.keySize = this.#varint()
    this.keyStart = this.#position
    if (this.keySize > 0) this.#position += this.keySize
    this.valueSize = this.#varint()
    this.valueStart = this.#position
    const valueEnd = this.#position + Math.max(this.valueSize, 0)
    if (this.offsetDelta < 0 || this.keySize < -1 || this.valueSize < -1) throw corrupt()
    // At least the count of headers is still to come.
    if (!(valueEnd < this.end)) throw corrupt()
    return true
  }

  /** A varint or varlong; inexact beyond 2^53, which callers that care have to look for. */
  #varint(): number {
    const { bytes } = this
    const first = bytes[this.#position++]!
    if (first < 0x80) return (first >>> 1) ^ -(first & 1)
    const second = bytes[this.#position++]!
    if (second < 0x80) {
      const value = (first & 0x7f) | (second << 7)
      return (value >>> 1) ^ -(value & 1)
    }
    return this.#longVarint((first & 0x7f) + (second & 0x7f) * 128)
  }

  #longVarint(begun: number): number {
    let value = begun
    let factor = 2 ** 14
    for (let count = 2; count < 10; count += 1) {
      const byte = this.bytes[this.#position++]
      if (byte === undefined) throw corrupt()
      value += (byte & 0x7f) * factor
      if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2
      factor *= 128
    }
    throw corrupt()
  }
}

const corrupt = (): RecordsError =>
  new RecordsError('RECORDS_CORRUPT', 'the records of a batch are not what it says')
