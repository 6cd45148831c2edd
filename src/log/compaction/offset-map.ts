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

/** A table with at most so many entries is made at once: it costs a megabyte and a half. */
const slotsAtOnce = 65_536
/** A larger one begins small and grows so many times, old and new together within what it may take. */
const growth = 4
const growthShare = growth / (growth + 1)

/**
 * The last offset of each key, in one buffer whatever the keys are: an open-addressing table of hashes.
 * An entry is four words of hash and the offset plus one in two words, so that an empty one is all zeros.
 * It grows with the keys: a small table stays in the processor's caches.
 */
export class OffsetMap {
  readonly #hash: SipHash
  readonly #loadFactor: number
  readonly #slotCountMax: number
  #table: Int32Array<ArrayBuffer> = new Int32Array(0)
  #slotCount = 0
  #countMax = 0
  #count = 0

  constructor({ sizeMax, loadFactor, keysMax, secret }: OffsetMapOptions) {
    const wanted = Math.ceil((keysMax + 1) / loadFactor)
    const allowed = Math.floor(Math.min(sizeMax, tableSizeMax) / offsetMapEntrySize)
    const bound = allowed > slotsAtOnce ? Math.floor(allowed * growthShare) : allowed
    this.#slotCountMax = Math.max(2, Math.min(wanted, bound))
    this.#loadFactor = loadFactor
    this.#hash = sipHash(secret)
    let slotCount = this.#slotCountMax
    while (slotCount > slotsAtOnce) slotCount = Math.ceil(slotCount / growth)
    this.#makeTable(slotCount)
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
    let place = this.#find(bytes, start, end)
    if (isEmpty(this.#table, place)) {
      if (this.#count >= this.#countMax) {
        if (this.#slotCount === this.#slotCountMax) return false
        this.#grow()
        place = this.#find(bytes, start, end)
      }
      this.#count += 1
      this.#table.set(this.#hash.words, place)
    }
    const table = this.#table
    table[place + 4] = (offset + 1) | 0
    table[place + 5] = Math.floor((offset + 1) / twoToThe32)
    return true
  }

  /** The offset last put for the key between `start` and `end`; -1 when there is none. */
  get(bytes: Uint8Array, start: number, end: number): number {
    const place = this.#find(bytes, start, end)
    return (this.#table[place + 4]! >>> 0) + this.#table[place + 5]! * twoToThe32 - 1
  }

  /** Gives the table's memory back now: to wait for the collector, or for a thread's end, takes long. */
  release(): void {
    this.#table.buffer.transfer(0)
  }

  #makeTable(slotCount: number): void {
    this.#slotCount = slotCount
    this.#table = new Int32Array(slotCount * wordsPerEntry)
    // One slot stays empty, so that a look-up ends.
    const countMax = Math.min(slotCount - 1, Math.floor(slotCount * this.#loadFactor))
    this.#countMax = Math.max(1, countMax)
  }

  #grow(): void {
    const old = this.#table
    this.#makeTable(Math.min(this.#slotCountMax, this.#slotCount * growth))
    const table = this.#table
    for (let entry = 0; entry < old.length; entry += wordsPerEntry) {
      if (isEmpty(old, entry)) continue
      let place = this.#homeOf(old[entry]!)
      while (!isEmpty(table, place)) place = this.#after(place)
      for (let word = 0; word < wordsPerEntry; word += 1) table[place + word] = old[entry + word]!
    }
    old.buffer.transfer(0)
  }

  #homeOf(firstWord: number): number {
    return ((firstWord >>> 0) % this.#slotCount) * wordsPerEntry
  }

  #after(place: number): number {
    return place + wordsPerEntry === this.#table.length ? 0 : place + wordsPerEntry
  }

  /** Where the key's entry is, or where it would go. */
  #find(bytes: Uint8Array, start: number, end: number): number {
    const table = this.#table
    this.#hash.hash(bytes, start, end)
    const { words } = this.#hash
    const [first, second, third, fourth] = [words[0]!, words[1]!, words[2]!, words[3]!]
    let place = this.#homeOf(first)
    for (;;) {
      if (isEmpty(table, place)) return place
      if (
        table[place] === first &&
        table[place + 1] === second &&
        table[place + 2] === third &&
        table[place + 3] === fourth
      )
        return place
      place = this.#after(place)
    }
  }
}

const isEmpty = (table: Int32Array, place: number): boolean =>
  table[place + 4] === 0 && table[place + 5] === 0
