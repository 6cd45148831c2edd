import { BytesError } from './bytes-error.ts'
import { copiedSizeMax, shortStringSizeMax, slabSize, spareSizeMin } from './limits.ts'
import { unsignedVarintSize, writeUnsignedVarint, writeVarlong } from './varint.ts'

const twoToThe32 = 2 ** 32
const uuidSize = 16
/** What each letter of URL-safe base64 stands for; all others have the bit 64. */
const base64Values = new Uint8Array(128).fill(64)
for (const [value, letter] of [
  ...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_',
].entries())
  base64Values[letter.charCodeAt(0)] = value
const varlongSizeMax = 10

/** Memory that the last finished writer left over; whoever writes next takes it. */
let spareSlab: Buffer | undefined
let sparePosition = 0

/** A length that was left open, to be filled in once what it counts is written. */
export interface SizeMark {
  slab: Buffer
  position: number
  /** Bytes written before the length. */
  sizeBefore: number
}

/**
 * Writes big-endian values one after the other into chunks of its own memory; large byte arrays are
 * spliced in between as they are, without a copy. A value that does not fit its type is a
 * `BytesError`. After `finish` the writer must not be used again.
 */
export class Writer {
  #slab: Buffer
  /** Where the chunk under way begins, where it goes on, and where its memory ends. */
  #start: number
  #position: number
  #end: number
  readonly #chunks: Buffer[] = []
  #chunksSize = 0

  /** Writes into memory of the caller's first, if it gives any: cheap where little is to come. */
  constructor(slab?: Buffer) {
    if (slab) {
      this.#slab = slab
      this.#start = 0
    } else if (spareSlab) {
      this.#slab = spareSlab
      this.#start = sparePosition
      spareSlab = undefined
    } else {
      this.#slab = Buffer.allocUnsafeSlow(slabSize)
      this.#start = 0
    }
    this.#position = this.#start
    this.#end = this.#slab.length
  }

  /** Bytes written so far. */
  get size(): number {
    return this.#chunksSize + this.#position - this.#start
  }

  /** Ends the writing and returns its bytes in chunks, none of them empty. */
  finish(): Buffer[] {
    this.#closeChunk()
    if (this.#end === slabSize && slabSize - this.#position >= spareSizeMin) {
      spareSlab = this.#slab
      sparePosition = this.#position
    }
    return this.#chunks
  }

  int8(value: number): void {
    if ((value << 24) >> 24 !== value) throw unfit('int8', value)
    const position = this.#claim(1)
    this.#slab[position] = value
  }

  boolean(value: boolean): void {
    const position = this.#claim(1)
    this.#slab[position] = value ? 1 : 0
  }

  int16(value: number): void {
    if ((value << 16) >> 16 !== value) throw unfit('int16', value)
    const position = this.#claim(2)
    const slab = this.#slab
    slab[position] = value >> 8
    slab[position + 1] = value
  }

  uint16(value: number): void {
    if ((value & 0xffff) !== value) throw unfit('uint16', value)
    const position = this.#claim(2)
    const slab = this.#slab
    slab[position] = value >> 8
    slab[position + 1] = value
  }

  int32(value: number): void {
    if ((value | 0) !== value) throw unfit('int32', value)
    const position = this.#claim(4)
    putWord(this.#slab, position, value)
  }

  uint32(value: number): void {
    if (value >>> 0 !== value) throw unfit('uint32', value)
    const position = this.#claim(4)
    putWord(this.#slab, position, value)
  }

  /** A whole number within ±(2^53 - 1). */
  int64(value: number): void {
    if (!Number.isSafeInteger(value)) throw unfit('int64', value)
    const position = this.#claim(8)
    putWord(this.#slab, position, Math.floor(value / twoToThe32))
    putWord(this.#slab, position + 4, value)
  }

  /** All 64 bits of a signed number. */
  id64(value: bigint): void {
    if (typeof value !== 'bigint' || BigInt.asIntN(64, value) !== value) throw unfit('id64', value)
    const position = this.#claim(8)
    this.#slab.writeBigInt64BE(value, position)
  }

  float64(value: number): void {
    if (typeof value !== 'number') throw unfit('float64', value)
    const position = this.#claim(8)
    this.#slab.writeDoubleBE(value, position)
  }

  /** Kafka's text form of 16 bytes: 22 characters of URL-safe base64 without padding. */
  uuid(value: string): void {
    if (typeof value !== 'string' || value.length !== 22) throw unfit('uuid', value)
    const position = this.#claim(uuidSize)
    if (!putBase64(this.#slab, position, value)) throw unfit('uuid', value)
  }

  unsignedVarint(value: number): void {
    if (value >>> 0 !== value) throw unfit('unsigned varint', value)
    const position = this.#claim(unsignedVarintSize(value))
    writeUnsignedVarint(this.#slab, position, value)
  }

  /** A zigzagged 32-bit number. */
  varint(value: number): void {
    if ((value | 0) !== value) throw unfit('varint', value)
    this.unsignedVarint(((value << 1) ^ (value >> 31)) >>> 0)
  }

  /** A zigzagged whole number within ±(2^53 - 1). */
  varlong(value: number): void {
    if (!Number.isSafeInteger(value)) throw unfit('varlong', value)
    const position = this.#claim(varlongSizeMax)
    this.#position = writeVarlong(this.#slab, position, value)
  }

  /** A string in UTF-8 after its size in two bytes. */
  string(value: string): void {
    const size = textSize(value)
    if (size > 0x7fff) throw new BytesError('BYTES_BAD_LENGTH', `a string has ${size} bytes`)
    this.int16(size)
    this.#text(value, size)
  }

  /** A string in UTF-8 after its size plus one as a varint. */
  compactString(value: string): void {
    const size = textSize(value)
    if (size > 0x7fff) throw new BytesError('BYTES_BAD_LENGTH', `a string has ${size} bytes`)
    this.unsignedVarint(size + 1)
    this.#text(value, size)
  }

  /**
   * Bytes as they are; long ones become a chunk of their own and must stay as they are until sent.
   */
  bytes(value: Uint8Array): void {
    const size = value.byteLength
    if (size > copiedSizeMax) {
      this.#closeChunk()
      this.#chunks.push(
        Buffer.isBuffer(value) ? value : Buffer.from(value.buffer, value.byteOffset, size),
      )
      this.#chunksSize += size
      return
    }
    const position = this.#claim(size)
    this.#slab.set(value, position)
  }

  /** Leaves four bytes for a size that is not known yet. */
  openSize(): SizeMark {
    const sizeBefore = this.size
    const position = this.#claim(4)
    return { slab: this.#slab, position, sizeBefore }
  }

  /** Fills in the count of the bytes written since the mark's own four. */
  closeSize(mark: SizeMark): void {
    const size = this.size - mark.sizeBefore - 4
    if (size > 0x7fffffff) throw new BytesError('BYTES_BAD_LENGTH', `${size} bytes in one frame`)
    putWord(mark.slab, mark.position, size)
  }

  #text(value: string, size: number): void {
    const position = this.#claim(size)
    if (size === value.length) {
      const slab = this.#slab
      if (size <= shortStringSizeMax) {
        for (let index = 0; index < size; index += 1)
          slab[position + index] = value.charCodeAt(index)
        return
      }
      slab.write(value, position, size, 'latin1')
      return
    }
    this.#slab.write(value, position, size, 'utf8')
  }

  /** Makes so many bytes writable in one piece and returns where they begin. */
  #claim(size: number): number {
    const position = this.#position
    const next = position + size
    if (next > this.#end) return this.#claimAnew(size)
    this.#position = next
    return position
  }

  /** Goes on in new memory; what was written stays where it is, as a chunk. */
  #claimAnew(size: number): number {
    this.#closeChunk()
    this.#slab = Buffer.allocUnsafeSlow(Math.max(slabSize, size))
    this.#end = this.#slab.length
    this.#start = 0
    this.#position = size
    return 0
  }

  #closeChunk(): void {
    if (this.#position === this.#start) return
    this.#chunks.push(this.#slab.subarray(this.#start, this.#position))
    this.#chunksSize += this.#position - this.#start
    this.#start = this.#position
  }
}

function putWord(slab: Buffer, position: number, value: number): void {
  slab[position] = value >>> 24
  slab[position + 1] = value >>> 16
  slab[position + 2] = value >>> 8
  slab[position + 3] = value
}

/**
 * Writes the 16 bytes that 22 letters of base64 stand for; false when one of them is no such
 * letter.
 */
function putBase64(slab: Buffer, position: number, text: string): boolean {
  let target = position
  let seen = 0
  for (let index = 0; index < 22; index += 4) {
    let bits = 0
    for (let letter = 0; letter < 4; letter += 1) {
      const code = index + letter < 22 ? text.charCodeAt(index + letter) : 65
      const value = code < 128 ? base64Values[code]! : 64
      seen |= value
      bits = (bits << 6) | value
    }
    slab[target] = bits >> 16
    if (index < 20) {
      slab[target + 1] = bits >> 8
      slab[target + 2] = bits
    }
    target += 3
  }
  return seen < 64
}

function textSize(value: string): number {
  if (typeof value !== 'string') throw unfit('string', value)
  if (value.length > shortStringSizeMax) return Buffer.byteLength(value)
  for (let index = 0; index < value.length; index += 1)
    if (value.charCodeAt(index) > 0x7f) return Buffer.byteLength(value)
  return value.length
}

function unfit(type: string, value: unknown): BytesError {
  return new BytesError('BYTES_BAD_VALUE', `${String(value)} is no ${type}`)
}
