/** The 128-bit SipHash of the bytes that were last hashed, as four 32-bit words, signed. */
export interface SipHash {
  /** 16 bytes that nobody outside knows: without them no two inputs with one hash can be aimed at. */
  readonly key: Uint8Array
  /** Hashes `bytes` from `start` to `end` into `words`. */
  hash(bytes: Uint8Array, start: number, end: number): void
  readonly words: Int32Array
}

const compressionRounds = 2
const finalRounds = 4
const wordSize = 8

/** Returns SipHash-2-4 with 128 bits of output under a key of 16 bytes (Aumasson and Bernstein, 2012). */
export const sipHash = (key: Uint8Array): SipHash => {
  const words = new Int32Array(4)
  const keyWords = Int32Array.from([0, 4, 8, 12], (position) => wordAt(key, position))
  return { key, words, hash: (bytes, start, end) => mix(keyWords, bytes, start, end, words) }
}

const wordAt = (bytes: Uint8Array, position: number): number =>
  bytes[position]! |
  (bytes[position + 1]! << 8) |
  (bytes[position + 2]! << 16) |
  (bytes[position + 3]! << 24)

/** The last bytes of the input, fewer than 4, as a word. */
const partAt = (bytes: Uint8Array, position: number, end: number): number => {
  let word = 0
  for (let index = 0; position + index < end && index < 4; index += 1)
    word |= bytes[position + index]! << (8 * index)
  return word
}

/** Every 64-bit number is two words, because a `bigint` would cost ten times as much. */
const mix = (
  key: Int32Array,
  bytes: Uint8Array,
  start: number,
  end: number,
  words: Int32Array,
): void => {
  const size = end - start
  const blockCount = (size >>> 3) + 1
  let low0 = key[0]! ^ 0x70736575
  let high0 = key[1]! ^ 0x736f6d65
  let low1 = key[2]! ^ 0x6e646f6d ^ 0xee
  let high1 = key[3]! ^ 0x646f7261
  let low2 = key[0]! ^ 0x6e657261
  let high2 = key[1]! ^ 0x6c796765
  let low3 = key[2]! ^ 0x79746573
  let high3 = key[3]! ^ 0x74656462
  let position = start
  // The input's blocks, the last one with its size, and then two empty ones that make the output.
  for (let block = 0; block < blockCount + 2; block += 1) {
    let low = 0
    let high = 0
    if (block < blockCount - 1) {
      low = wordAt(bytes, position)
      high = wordAt(bytes, position + 4)
      position += wordSize
    } else if (block === blockCount - 1) {
      low = partAt(bytes, position, end)
      high = partAt(bytes, position + 4, end) | (size << 24)
    } else if (block === blockCount) low2 ^= 0xee
    else low1 ^= 0xdd
    low3 ^= low
    high3 ^= high
    for (let round = block < blockCount ? compressionRounds : finalRounds; round > 0; round -= 1) {
      let before = low0
      low0 = (low0 + low1) | 0
      high0 = (high0 + high1 + (low0 >>> 0 < before >>> 0 ? 1 : 0)) | 0
      before = (low1 << 13) | (high1 >>> 19)
      high1 = ((high1 << 13) | (low1 >>> 19)) ^ high0
      low1 = before ^ low0
      before = low0
      low0 = high0
      high0 = before
      before = low2
      low2 = (low2 + low3) | 0
      high2 = (high2 + high3 + (low2 >>> 0 < before >>> 0 ? 1 : 0)) | 0
      before = (low3 << 16) | (high3 >>> 16)
      high3 = ((high3 << 16) | (low3 >>> 16)) ^ high2
      low3 = before ^ low2
      before = low0
      low0 = (low0 + low3) | 0
      high0 = (high0 + high3 + (low0 >>> 0 < before >>> 0 ? 1 : 0)) | 0
      before = (low3 << 21) | (high3 >>> 11)
      high3 = ((high3 << 21) | (low3 >>> 11)) ^ high0
      low3 = before ^ low0
      before = low2
      low2 = (low2 + low1) | 0
      high2 = (high2 + high1 + (low2 >>> 0 < before >>> 0 ? 1 : 0)) | 0
      before = (low1 << 17) | (high1 >>> 15)
      high1 = ((high1 << 17) | (low1 >>> 15)) ^ high2
      low1 = before ^ low2
      before = low2
      low2 = high2
      high2 = before
    }
    low0 ^= low
    high0 ^= high
    if (block < blockCount) continue
    const half = (block - blockCount) * 2
    words[half] = low0 ^ low1 ^ low2 ^ low3
    words[half + 1] = high0 ^ high1 ^ high2 ^ high3
  }
}
