// LZ4 frames, as record batches of magic 2 hold them: a header with a checksum, blocks with their
// sizes, an end mark. A frame is walked here and its blocks are unfolded one by one, small ones here,
// large ones natively, since what a block may unfold to is then ours to bound; the native function for
// whole frames has no bound.
import { corrupt, tooLarge } from '../records-error.ts'
import { overLimit, unfoldBlock } from './lz4-block.ts'
import { nativeLz4 } from './native.ts'
import { inOneGo, type Pause, type Stretches, stretchSize, withPauses } from './stretches.ts'
import { xxhash32 } from './xxhash32.ts'

const frameMagic = 0x184d2204
/** How far back a match of a linked block may reach. */
const windowSize = 65_536
/** One byte of a block stands for at most so many bytes of its output. */
const ratioMax = 255
/** Below this a native call costs more than it saves. */
const nativeSizeMin = 4096

/** Returns the bytes as one LZ4 frame of independent blocks, which is what Java's client can read. */
export const compressLz4 = (bytes: Buffer): Buffer => nativeLz4().compressFrameSync(bytes)

/** Unfolds one frame or several; throws a `RecordsError`, and takes at most `sizeMax` bytes of memory. */
export const decompressLz4 = (bytes: Buffer, sizeMax: number): Buffer =>
  inOneGo(unfolding(bytes, sizeMax))

/** As `decompressLz4`, with pauses. */
export const decompressLz4Async = (bytes: Buffer, sizeMax: number, pause: Pause): Promise<Buffer> =>
  withPauses(unfolding(bytes, sizeMax), pause)

function* unfolding(bytes: Buffer, sizeMax: number): Stretches<Buffer> {
  const output = new Output(sizeMax)
  let pauseAt = stretchSize
  for (const piece of piecesOf(bytes)) {
    if (piece.kind === 'end') output.endFrame(piece)
    else if (piece.isStored) output.add(piece.bytes)
    else if (piece.bytes.length < nativeSizeMin) output.unfold(piece)
    else
      output.add(
        output.guard(() =>
          nativeLz4().uncompressSync(output.withSize(piece), output.history(piece)),
        ),
      )
    if (output.size < pauseAt) continue
    pauseAt = output.size + stretchSize
    yield
  }
  return output.whole()
}

interface Block {
  kind: 'block'
  bytes: Buffer
  isStored: boolean
  isLinked: boolean
  /** What a block of this frame unfolds to at most. */
  blockSizeMax: number
}

interface End {
  kind: 'end'
  contentSize: number | undefined
  checksum: number | undefined
}

interface FrameHeader {
  isLinked: boolean
  hasBlockChecksums: boolean
  hasChecksum: boolean
  contentSize: number | undefined
  blockSizeMax: number
  end: number
}

/** Walks the frames; everything that can be checked without unfolding is. */
function* piecesOf(bytes: Buffer): Generator<Block | End> {
  let position = 0
  do {
    const header = readHeader(bytes, position)
    const { isLinked, blockSizeMax } = header
    position = header.end
    for (;;) {
      const word = uint32(bytes, position)
      position += 4
      if (word === 0) break
      const size = word & 0x7fffffff
      const end = position + size
      if (size > blockSizeMax) throw corrupt(`an LZ4 block of ${size} bytes is too large`)
      if (end > bytes.length) throw truncated()
      if (header.hasBlockChecksums && uint32(bytes, end) !== xxhash32(bytes, position, end))
        throw corrupt('the checksum of an LZ4 block is wrong')
      const block = bytes.subarray(position, end)
      yield { kind: 'block', bytes: block, isStored: word !== size, isLinked, blockSizeMax }
      position = header.hasBlockChecksums ? end + 4 : end
    }
    const checksum = header.hasChecksum ? uint32(bytes, position) : undefined
    if (header.hasChecksum) position += 4
    yield { kind: 'end', contentSize: header.contentSize, checksum }
  } while (position < bytes.length)
}

const readHeader = (bytes: Buffer, start: number): FrameHeader => {
  if (uint32(bytes, start) !== frameMagic)
    throw corrupt('an LZ4 frame does not begin with its magic')
  const flags = byte(bytes, start + 4)
  const blockFlags = byte(bytes, start + 5)
  // Version 1, no reserved bit, no dictionary, which nobody could know; block sizes 4 to 7.
  if ((flags & 0xc3) !== 0x40 || (blockFlags & 0x8f) !== 0 || blockFlags < 0x40)
    throw corrupt('the header of an LZ4 frame is not understood')
  const hasContentSize = (flags & 0x08) !== 0
  const end = start + (hasContentSize ? 14 : 6)
  if (byte(bytes, end) !== ((xxhash32(bytes, start + 4, end) >>> 8) & 0xff))
    throw corrupt('the checksum of an LZ4 header is wrong')
  return {
    isLinked: (flags & 0x20) === 0,
    hasBlockChecksums: (flags & 0x10) !== 0,
    hasChecksum: (flags & 0x04) !== 0,
    contentSize: hasContentSize
      ? uint32(bytes, start + 6) + uint32(bytes, start + 10) * 2 ** 32
      : undefined,
    blockSizeMax: 1 << (((blockFlags >> 4) & 7) * 2 + 8),
    end: end + 1,
  }
}

/** What was unfolded so far, within its bound. */
class Output {
  readonly #sizeMax: number
  #bytes: Buffer = Buffer.alloc(0)
  #size = 0
  #frameStart = 0
  #isCapped = false

  constructor(sizeMax: number) {
    this.#sizeMax = sizeMax
  }

  get size(): number {
    return this.#size
  }

  add(chunk: Buffer): void {
    if (chunk.length > this.#sizeMax - this.#size) throw tooLarge(this.#sizeMax)
    this.#reserve(chunk.length)
    chunk.copy(this.#bytes, this.#size)
    this.#size += chunk.length
  }

  /** Unfolds a small block in place. */
  unfold(block: Block): void {
    const room = this.#roomFor(block)
    this.#reserve(room)
    const end = unfoldBlock(block.bytes, {
      bytes: this.#bytes,
      start: this.#size,
      limit: this.#size + room,
      historyStart: block.isLinked ? this.#frameStart : this.#size,
    })
    if (end === overLimit) this.fail()
    this.#size = end
  }

  /** The block behind the size that it may unfold to, as the native function takes it. */
  withSize(block: Block): Buffer {
    const framed = Buffer.allocUnsafe(block.bytes.length + 4)
    framed.writeUInt32LE(this.#roomFor(block), 0)
    block.bytes.copy(framed, 4)
    return framed
  }

  /** What the matches of a linked block may refer to. */
  history({ isLinked }: Block): Buffer | undefined {
    const start = Math.max(this.#frameStart, this.#size - windowSize)
    return isLinked && start < this.#size ? this.#bytes.subarray(start, this.#size) : undefined
  }

  guard(unfold: () => Buffer): Buffer {
    try {
      return unfold()
    } catch (error) {
      return this.fail(error)
    }
  }

  /** Where the last block was given less room than its frame allows, it may be whole and too large. */
  fail(error?: unknown): never {
    throw this.#isCapped ? tooLarge(this.#sizeMax) : corrupt('an LZ4 block is damaged', error)
  }

  endFrame({ contentSize, checksum }: End): void {
    if (contentSize !== undefined && contentSize !== this.#size - this.#frameStart)
      throw corrupt('an LZ4 frame has another size than its header says')
    if (checksum !== undefined && checksum !== xxhash32(this.#bytes, this.#frameStart, this.#size))
      throw corrupt('the checksum of an LZ4 frame is wrong')
    this.#frameStart = this.#size
  }

  whole(): Buffer {
    return this.#bytes.subarray(0, this.#size)
  }

  #roomFor({ bytes, blockSizeMax }: Block): number {
    const needed = Math.min(blockSizeMax, bytes.length * ratioMax)
    const left = this.#sizeMax - this.#size
    this.#isCapped = left < needed
    return Math.min(left, needed)
  }

  #reserve(size: number): void {
    const needed = this.#size + size
    if (needed <= this.#bytes.length) return
    const grown = Buffer.allocUnsafe(Math.min(this.#sizeMax, needed * 2))
    this.#bytes.copy(grown, 0, 0, this.#size)
    this.#bytes = grown
  }
}

const uint32 = (bytes: Buffer, position: number): number => {
  if (position + 4 > bytes.length) throw truncated()
  return bytes.readUInt32LE(position)
}

const byte = (bytes: Buffer, position: number): number => {
  if (position >= bytes.length) throw truncated()
  return bytes[position]!
}

const truncated = () => corrupt('an LZ4 frame ends before its end mark')
