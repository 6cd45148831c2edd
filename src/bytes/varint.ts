// Variable-length numbers, 7 bits a byte, the lowest first; the top bit of a byte says that more
// follow.
//
// Signed ones are zigzagged: 0, -1, 1, -2 … become 0, 1, 2, 3 …, so that small negatives stay
// short. A varlong is 64 bits wide; here it is a number, so that one beyond ±(2^53 - 1) cannot be
// written, and `Reader.varlong` answers ±(2^53 - 1) for it.

const twoToThe32 = 2 ** 32

/** Returns the bytes that an unsigned 32-bit number takes: 1 to 5. */
export function unsignedVarintSize(value: number): number {
  const bits = 32 - Math.clz32(value)
  return bits <= 7 ? 1 : Math.ceil(bits / 7)
}

/** Returns the bytes that a signed 32-bit number takes zigzagged: 1 to 5. */
export function varintSize(value: number): number {
  return unsignedVarintSize((value << 1) ^ (value >> 31))
}

/** Returns the bytes that a whole number within ±(2^53 - 1) takes zigzagged: 1 to 8. */
export function varlongSize(value: number): number {
  // Half of the zigzagged number, so that nothing leaves the exact range: one bit is to be added.
  const half = value < 0 ? -value - 1 : value
  const high = Math.floor(half / twoToThe32)
  const bits = 1 + (high > 0 ? 64 - Math.clz32(high) : 32 - Math.clz32(half))
  return Math.ceil(bits / 7)
}

/**
 * Writes an unsigned 32-bit number into memory that must have room; returns the position after it.
 */
export function writeUnsignedVarint(bytes: Uint8Array, position: number, value: number): number {
  let rest = value >>> 0
  while (rest > 0x7f) {
    bytes[position++] = (rest & 0x7f) | 0x80
    rest >>>= 7
  }
  bytes[position] = rest
  return position + 1
}

/** Writes a signed 32-bit number into memory that must have room; returns the position after it. */
export function writeVarint(bytes: Uint8Array, position: number, value: number): number {
  return writeUnsignedVarint(bytes, position, (value << 1) ^ (value >> 31))
}

/**
 * Writes a whole number within ±(2^53 - 1) as a varlong into memory that must have room; returns
 * the position after it.
 */
export function writeVarlong(bytes: Uint8Array, position: number, value: number): number {
  if (value === (value | 0)) {
    const doubled = value * 2
    return writeWide(bytes, position, 0, doubled < 0 ? -doubled - 1 : doubled)
  }
  const half = value < 0 ? -value - 1 : value
  const high = Math.floor(half / twoToThe32)
  const low = half >>> 0
  const sign = value < 0 ? 1 : 0
  return writeWide(bytes, position, ((high << 1) | (low >>> 31)) >>> 0, ((low << 1) | sign) >>> 0)
}

function writeWide(bytes: Uint8Array, position: number, high: number, low: number): number {
  let highRest = high
  let lowRest = low
  while (highRest > 0) {
    bytes[position++] = (lowRest & 0x7f) | 0x80
    lowRest = ((lowRest >>> 7) | (highRest << 25)) >>> 0
    highRest >>>= 7
  }
  return writeUnsignedVarint(bytes, position, lowRest)
}
