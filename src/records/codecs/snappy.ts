// Snappy as Kafka's clients have it: written in the framing of xerial's Java library, a header and
// then blocks behind their lengths; read in that framing or as one bare block.
import { corrupt, tooLarge } from '../records-error.ts'
import { nativeSnappy } from './native.ts'
import { inOneGo, type Pause, type Stretches, stretchSize, withPauses } from './stretches.ts'

/** Magic, version 1, compatible from version 1. */
const header = Buffer.from('82534e4150505900' + '00000001' + '00000001', 'hex')
const magicSize = 8
/** Three bytes of a block can repeat 64 of its output, and nothing stands for more. */
const ratioMax = 22
/** What one block holds before compression, as in Java's library. */
const blockSize = 32_768
/** Output in the heap: memory of the native side costs more to let go of than to copy. */
const copied = { copyOutputData: true }

/** Returns the bytes in xerial's framing. */
export const compressSnappy = (bytes: Buffer): Buffer => inOneGo(folding(bytes))

/** As `compressSnappy`, with pauses. */
export const compressSnappyAsync = (bytes: Buffer, pause: Pause): Promise<Buffer> =>
  withPauses(folding(bytes), pause)

/** Unfolds either form; throws a `RecordsError`, and takes at most `sizeMax` bytes of memory. */
export const decompressSnappy = (bytes: Buffer, sizeMax: number): Buffer =>
  inOneGo(unfolding(bytes, sizeMax))

/** As `decompressSnappy`, with pauses; a bare block, however large, is done in one go. */
export const decompressSnappyAsync = (
  bytes: Buffer,
  sizeMax: number,
  pause: Pause,
): Promise<Buffer> => withPauses(unfolding(bytes, sizeMax), pause)

function* folding(bytes: Buffer): Stretches<Buffer> {
  const parts: Buffer[] = [header]
  let pauseAt = stretchSize
  for (let position = 0; position < bytes.length; position += blockSize) {
    const block = bytes.subarray(position, position + blockSize)
    parts.push(...framed(nativeSnappy().compressSync(block, copied)))
    if (position < pauseAt) continue
    pauseAt += stretchSize
    yield
  }
  return Buffer.concat(parts)
}

function* unfolding(bytes: Buffer, sizeMax: number): Stretches<Buffer> {
  const output = Buffer.allocUnsafe(unfoldedSize(bytes, sizeMax))
  let size = 0
  let pauseAt = stretchSize
  for (const block of foldedBlocks(bytes)) {
    size += unfold(block).copy(output, size)
    if (size < pauseAt) continue
    pauseAt = size + stretchSize
    yield
  }
  return output
}

const unfold = (block: Buffer): Buffer => {
  try {
    return nativeSnappy().uncompressSync(block, copied) as Buffer
  } catch (error) {
    return fail(error)
  }
}

const framed = (block: Buffer): [Buffer, Buffer] => {
  const length = Buffer.allocUnsafe(4)
  length.writeUInt32BE(block.length)
  return [length, block]
}

/** What the blocks declare to unfold to, added up and found within bounds. */
const unfoldedSize = (bytes: Buffer, sizeMax: number): number => {
  let size = 0
  for (const block of foldedBlocks(bytes)) size += declaredSize(block)
  if (size > sizeMax) throw tooLarge(sizeMax)
  return size
}

function* foldedBlocks(bytes: Buffer): Generator<Buffer> {
  if (!hasMagic(bytes, 0)) {
    yield bytes
    return
  }
  let position = 0
  while (position < bytes.length) {
    // Java's library writes its header again where it was told to append.
    if (hasMagic(bytes, position)) position += header.length
    else {
      const start = position + 4
      if (start > bytes.length) throw corrupt('the size of a snappy block is cut short')
      position = start + bytes.readUInt32BE(position)
      if (position > bytes.length) throw corrupt('a snappy block is longer than its data')
      yield bytes.subarray(start, position)
    }
  }
  if (position > bytes.length) throw corrupt('the header of snappy data is cut short')
}

const hasMagic = (bytes: Buffer, position: number): boolean =>
  bytes[position] === header[0] &&
  bytes.subarray(position, position + magicSize).equals(header.subarray(0, magicSize))

/** A block begins with the size it unfolds to, as an unsigned varint of at most five bytes. */
const declaredSize = (block: Buffer): number => {
  let size = 0
  for (let index = 0; index < 5; index += 1) {
    const byte = block[index]
    if (byte === undefined) break
    size += (byte & 0x7f) * 2 ** (7 * index)
    if (byte < 0x80) {
      if (size > block.length * ratioMax)
        throw corrupt('a snappy block claims to unfold to too much')
      return size
    }
  }
  throw corrupt('a snappy block does not say what size it unfolds to')
}

const fail = (error: unknown): never => {
  throw corrupt('a snappy block is damaged', error)
}
