// Batches as the model knows them: what is in them, and how many bytes they take in a log. No codec has a
// part in it.

/** A record as it stands in a batch. */
export interface ModelRecord {
  offset: number
  /** The time that readers see. */
  timestampMs: number
  /** The time that its producer gave it, which is what is stored. */
  createdMs: number
  key: string | null
  value: string | null
}

/** A batch with what is left of its records. */
export interface ModelBatch {
  readonly baseOffset: number
  readonly lastOffset: number
  records: readonly ModelRecord[]
  /** The time that stored times count from. */
  baseMs: number
  /** The largest time of its records, or what it was when it had some. */
  largestMs: number
  /** The broker's time, where that is the time of all its records. */
  readonly appendedMs: number | undefined
  /** When its tombstones may go. */
  horizonMs: number | undefined
  /** Bytes. */
  size: number
}

const headerSize = 61

/** The bytes of a batch whose records are not compressed. */
export const sizeOfBatch = ({
  baseOffset,
  baseMs,
  records,
}: Pick<ModelBatch, 'baseOffset' | 'baseMs' | 'records'>): number => {
  let size = headerSize
  for (const { offset, createdMs, key, value } of records) {
    const noHeaders = 1
    const attributes = 1
    const body =
      attributes +
      sizeOfVarint(createdMs - baseMs) +
      sizeOfVarint(offset - baseOffset) +
      sizeOfBytes(key) +
      sizeOfBytes(value) +
      noHeaders
    size += sizeOfVarint(body) + body
  }
  return size
}

const sizeOfBytes = (text: string | null): number =>
  text === null ? 1 : sizeOfVarint(text.length) + text.length

/** Seven bits a byte, the sign in the lowest. */
const sizeOfVarint = (value: number): number => {
  let left = value >= 0 ? value * 2 : value * -2 - 1
  let size = 1
  for (; left >= 128; left = Math.floor(left / 128)) size += 1
  return size
}
