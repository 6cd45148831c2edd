import { BytesError } from './bytes-error.ts'
import { elementsCountMax } from './limits.ts'

const twoToThe32 = 2 ** 32
const highMax = 2 ** 21
const zeroUuid = 'A'.repeat(22)

/**
 * Reads big-endian values one after the other. Every read checks first that its bytes are there and
 * throws a `BytesError` otherwise; byte arrays are views, nothing is copied, and no memory is taken
 * on the word of a declared length.
 */
export class Reader {
  readonly buffer: Buffer
  /** Where the next read begins. */
  position: number
  /** Where the readable bytes end. */
  readonly end: number
  #elementsLeft = elementsCountMax

  constructor(buffer: Buffer, position = 0, end = buffer.length) {
    if (!(position >= 0 && position <= end && end <= buffer.length))
      throw new BytesError('BYTES_TRUNCATED', `no bytes from ${position} to ${end}`)
    this.buffer = buffer
    this.position = position
    this.end = end
  }

  /** Bytes not read yet. */
  get remaining(): number {
    return this.end - this.position
  }

  int8(): number {
    return (this.buffer[this.#take(1)]! << 24) >> 24
  }

  boolean(): boolean {
    return this.buffer[this.#take(1)]! !== 0
  }

  int16(): number {
    const position = this.#take(2)
    const { buffer } = this
    return (((buffer[position]! << 8) | buffer[position + 1]!) << 16) >> 16
  }

  uint16(): number {
    const position = this.#take(2)
    const { buffer } = this
    return (buffer[position]! << 8) | buffer[position + 1]!
  }

  int32(): number {
    return this.#word(this.#take(4))
  }

  uint32(): number {
    return this.#word(this.#take(4)) >>> 0
  }

  /** A 64-bit number; beyond ±(2^53 - 1) it saturates there. */
  int64(): number {
    const position = this.#take(8)
    const high = this.#word(position)
    const low = this.#word(position + 4) >>> 0
    return saturated(high, low)
  }

  /** All 64 bits of a signed number, for ids that are not ours. */
  id64(): bigint {
    return this.buffer.readBigInt64BE(this.#take(8))
  }

  float64(): number {
    return this.buffer.readDoubleBE(this.#take(8))
  }

  /** 16 bytes in Kafka's text form: 22 characters of URL-safe base64 without padding. */
  uuid(): string {
    const position = this.#take(16)
    if (this.#isZero(position)) return zeroUuid
    return this.buffer.toString('base64url', position, position + 16)
  }

  unsignedVarint(): number {
    const { buffer } = this
    const first = buffer[this.#take(1)]!
    if (first < 0x80) return first
    let value = first & 0x7f
    for (let shift = 7; shift < 35; shift += 7) {
      const byte = buffer[this.#take(1)]!
      if (shift === 28 && byte > 0x0f) break
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) return value >>> 0
    }
    throw new BytesError('BYTES_BAD_VARINT', 'a varint is wider than 32 bits')
  }

  /** A zigzagged 32-bit number. */
  varint(): number {
    const value = this.unsignedVarint()
    return (value >>> 1) ^ -(value & 1)
  }

  /** A zigzagged 64-bit number; beyond ±(2^53 - 1) it saturates there. */
  varlong(): number {
    const { buffer } = this
    let low = 0
    let high = 0
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = buffer[this.#take(1)]!
      if (shift === 63 && byte > 1) break
      const bits = byte & 0x7f
      if (shift < 28) low |= bits << shift
      else if (shift === 28) {
        low |= bits << 28
        high = bits >>> 4
      } else high |= bits << (shift - 32)
      if (byte < 0x80) return unzigzag(high >>> 0, low >>> 0)
    }
    throw new BytesError('BYTES_BAD_VARINT', 'a varlong is wider than 64 bits')
  }

  /** UTF-8 of a known size in bytes; what is no UTF-8 becomes U+FFFD, as in Kafka. */
  text(size: number): string {
    if (--this.#elementsLeft < 0) throw tooMany()
    const start = this.#take(size)
    return this.buffer.toString('utf8', start, start + size)
  }

  /** A view of so many bytes. */
  bytes(size: number): Buffer {
    const start = this.#take(size)
    return this.buffer.subarray(start, start + size)
  }

  skip(size: number): void {
    this.#take(size)
  }

  /**
   * Checks a declared count before anything is allocated for it: so many elements of at least
   * `sizeMin` bytes each must still fit.
   */
  expect(count: number, sizeMin: number): void {
    if (count < 0) throw new BytesError('BYTES_BAD_LENGTH', `a count is ${count}`)
    if (count * sizeMin > this.remaining)
      throw new BytesError(
        'BYTES_TRUNCATED',
        `${count} elements are declared and ${this.remaining} bytes are left`,
      )
  }

  /** Counts elements which become objects; throws when a message holds more of them than it may. */
  spend(count: number): void {
    this.#elementsLeft -= count
    if (this.#elementsLeft < 0) throw tooMany()
  }

  #take(size: number): number {
    const { position } = this
    const next = position + size
    // Written so that a size which is no number, or is negative, fails as well.
    if (!(next <= this.end && size >= 0)) throw this.#truncated(size)
    this.position = next
    return position
  }

  #truncated(size: number): BytesError {
    if (!(size >= 0)) return new BytesError('BYTES_BAD_LENGTH', `a length is ${size}`)
    return new BytesError('BYTES_TRUNCATED', `${size} bytes are due and ${this.remaining} are left`)
  }

  #word(position: number): number {
    const { buffer } = this
    return (
      (buffer[position]! << 24) |
      (buffer[position + 1]! << 16) |
      (buffer[position + 2]! << 8) |
      buffer[position + 3]!
    )
  }

  #isZero(position: number): boolean {
    return (
      this.#word(position) === 0 &&
      this.#word(position + 4) === 0 &&
      this.#word(position + 8) === 0 &&
      this.#word(position + 12) === 0
    )
  }
}

/** The number of a signed high and an unsigned low half. */
function saturated(high: number, low: number): number {
  if (high >= highMax) return Number.MAX_SAFE_INTEGER
  if (high < -highMax || (high === -highMax && low === 0)) return Number.MIN_SAFE_INTEGER
  return high * twoToThe32 + low
}

/** Undoes the zigzag of a 64-bit number in unsigned halves. */
function unzigzag(high: number, low: number): number {
  const halfHigh = high >>> 1
  const halfLow = ((low >>> 1) | (high << 31)) >>> 0
  const half = saturated(halfHigh, halfLow)
  if ((low & 1) === 0) return half
  return half === Number.MAX_SAFE_INTEGER ? Number.MIN_SAFE_INTEGER : -half - 1
}

function tooMany(): BytesError {
  return new BytesError('BYTES_TOO_MANY', `more than ${elementsCountMax} elements in one message`)
}
