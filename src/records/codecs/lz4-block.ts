// One block of LZ4. A block is a row of sequences, each of them
//
//   token          high half: count of literals, low half: size of the match less 4
//   [size]         more of the count where its half is 15: bytes to add, up to and with the first below 255
//   literals       copied to the output as they are
//   distance       16 bits, little-endian: how far back in the output the match begins
//   [size]         more of the match's size, as above
//
// and the last sequence ends after its literals. A match may reach into its own output (a distance of 1
// repeats a byte) and, where blocks are linked, into the blocks before.
import { corrupt } from '../records-error.ts'

/** A copy up to here is done byte by byte: cheaper than a call. */
const shortCopySize = 32
const matchSizeMin = 4

/** Where an unfolded block goes. */
export interface BlockTarget {
  bytes: Buffer
  /** Where its output begins. */
  start: number
  /** Where its output must have ended. */
  limit: number
  /** How far back matches may reach. */
  historyStart: number
}

/** What `unfoldBlock` answers when the output does not fit. */
export const overLimit = -1

/**
 * Unfolds a block into the target. Returns the position after its output, or `overLimit`; throws a
 * `RecordsError` for a block that is none.
 */
export const unfoldBlock = (block: Buffer, target: BlockTarget): number => {
  const { bytes, limit, historyStart } = target
  const end = block.length
  let out = target.start
  let position = 0
  while (position < end) {
    const token = block[position++]!
    let size = token >>> 4
    if (size === 15) {
      let more = 255
      while (more === 255) {
        if (position >= end) throw truncated()
        more = block[position++]!
        size += more
      }
    }
    if (size > end - position) throw truncated()
    if (size > limit - out) return overLimit
    if (size > shortCopySize) block.copy(bytes, out, position, position + size)
    else for (let index = 0; index < size; index += 1) bytes[out + index] = block[position + index]!
    out += size
    position += size
    if (position === end) break

    if (position + 2 > end) throw truncated()
    const distance = block[position]! | (block[position + 1]! << 8)
    position += 2
    size = (token & 15) + matchSizeMin
    if ((token & 15) === 15) {
      let more = 255
      while (more === 255) {
        if (position >= end) throw truncated()
        more = block[position++]!
        size += more
      }
    }
    const from = out - distance
    if (distance === 0 || from < historyStart) throw corrupt('an LZ4 match begins before its data')
    if (size > limit - out) return overLimit
    if (size > shortCopySize && distance >= size) bytes.copyWithin(out, from, from + size)
    else for (let index = 0; index < size; index += 1) bytes[out + index] = bytes[from + index]!
    out += size
  }
  return out
}

const truncated = () => corrupt('an LZ4 block ends in the middle of a sequence')
