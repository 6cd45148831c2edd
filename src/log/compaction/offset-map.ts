import { type SipHash, sipHash } from '#bytes'

/** What an entry takes: a 16-byte hash of the key and an offset. */
export const offsetMapEntrySize = 24

/** Kafka's bound, too: whatever the setting says, one thread takes no more. */
const tableSizeMax = 0x7fffffff
const wordsPerEntry = offsetMapEntrySize / 4
const twoToThe32 = 2 ** 32

/** How large a map may be. */
export interface OffsetMapOptions {
  /** Bytes at most, as `log.cleaner.dedupe.buffer.size` divided among the threads. */
  sizeMax: number
  /** How full it may get, as `log.cleaner.io.buffer.load.factor`. */
  loadFactor: number
  /** Keys that can come at most: no more room is taken than they need. */
  keysMax: number
  /** 16 secret bytes to hash with: two keys with one hash would be taken for one. */
  secret: Uint8Array
}

/**
 * The last offset of each key, in one buffer whatever the keys are: an open-addressing table of hashes.
 * An entry is four words of hash and the offset plus one in two words, so that an empty one is all zeros.
 */
export class OffsetMap {
  readonly #hash: SipHash
  readonly #table: Int32Array
  readonly #slotCount: number
  readonly #countMax: number
  #count = 0

  constructor({ sizeMax, loadFactor, keysMax, secret }: OffsetMapOptions) {
    const wanted = Math.ceil((keysMax + 1) / loadFactor)
    const allowed = Math.floor(Math.min(sizeMax, tableSizeMax) / offsetMapEntrySize)
    this.#slotCount = Math.max(2, Math.min(wanted, allowed))
    // One slot stays empty, so that a look-up ends.
    this.#countMax = Math.max(
      1,
      Math.min(this.#slotCount - 1, Math.floor(this.#slotCount * loadFactor)),
    )
    this.#table = new Int32Array(this.#slotCount * wordsPerEntry)
    this.#hash = sipHash(secret)
  }

  get count(): number {
    return this.#count
  }

  /** Bytes that the table takes. */
  get size(): number {
    return this.#table.byteLength
  }

  /** Remembers the offset of the key between `start` and `end`; false when there is no room for it. */
  put(bytes: Uint8Array, start: number, end: number, offset: number): boolean {
    const place = this.#find(bytes, start, end)
    const table = this.#table
    if (isEmpty(table, place)) {
      if (this.#count >= this.#countMax) return false
      this.#count += 1
      table.set(this.#hash.words, place)
    }
    table[place + 4] = (offset + 1) | 0
    table[place + 5] = Math.floor((offset + 1) / twoToThe32)
    return true
  }

  /** The offset last put for the key between `start` and `end`; -1 when there is none. */
  get(bytes: Uint8Array, start: number, end: number): number {
    const place = this.#find(bytes, start, end)
    return (this.#table[place + 4]! >>> 0) + this.#table[place + 5]! * twoToThe32 - 1
  }

  /** Where the key's entry is, or where it would go. */
  #find(bytes: Uint8Array, start: number, end: number): number {
    const table = this.#table
    this.#hash.hash(bytes, start, end)
    const { words } = this.#hash
    const [first, second, third, fourth] = [words[0]!, words[1]!, words[2]!, words[3]!]
    const last = table.length
    let place = ((first >>> 0) % this.#slotCount) * wordsPerEntry
    for (;;) {
      if (isEmpty(table, place)) return place
      if (
        table[place] === first &&
        table[place + 1] === second &&
        table[place + 2] === third &&
        table[place + 3] === fourth
      )
        return place
      place += wordsPerEntry
      if (place === last) place = 0
    }
  }
}

const isEmpty = (table: Int32Array, place: number): boolean =>
  table[place + 4] === 0 && table[place + 5] === 0
