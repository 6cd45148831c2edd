import type { Random } from '#world'

/** Chance drawn from a seed: the same seed gives the same draws in the same order. */
export class SeededRandom implements Random {
  readonly #seed: string
  readonly #state: Uint32Array
  #forks = 0

  constructor(seed: number | string) {
    this.#seed = String(seed)
    this.#state = spread(this.#seed)
    for (let round = 0; round < 16; round += 1) this.uint32()
  }

  /** A source of its own, so that two who draw at the same time do not disturb each other. */
  fork(): SeededRandom {
    this.#forks += 1
    return new SeededRandom(`${this.#seed}/${this.#forks}`)
  }

  /** 32 bits, by the generator xoshiro128**. */
  uint32(): number {
    const s = this.#state
    const scrambled = Math.imul(rotate(Math.imul(s[1]!, 5), 7), 9) >>> 0
    const shifted = s[1]! << 9
    s[2]! ^= s[0]!
    s[3]! ^= s[1]!
    s[1]! ^= s[2]!
    s[0]! ^= s[3]!
    s[2]! ^= shifted
    s[3] = rotate(s[3]!, 11)
    return scrambled
  }

  below(bound: number): number {
    const unit = (this.uint32() + (this.uint32() >>> 11) * 2 ** 32) / 2 ** 53
    return Math.floor(unit * bound)
  }

  /** A whole number from `low` to `high`, both included. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1)
  }

  /** True so often in all. */
  chance(share: number): boolean {
    return this.uint32() < share * 2 ** 32
  }

  pick<T>(list: readonly T[]): T {
    const item = list[this.below(list.length)]
    if (item === undefined) throw new Error('nothing to pick from')
    return item
  }

  bytes(size: number): Buffer {
    const bytes = Buffer.allocUnsafe(size)
    let position = 0
    for (; position + 4 <= size; position += 4) bytes.writeUInt32LE(this.uint32(), position)
    for (; position < size; position += 1) bytes[position] = this.uint32() & 0xff
    return bytes
  }
}

const rotate = (word: number, count: number): number => (word << count) | (word >>> (32 - count))

/** Four words that each depend on the whole seed (FNV-1a from four beginnings). */
const spread = (seed: string): Uint32Array =>
  Uint32Array.from([0x811c9dc5, 0x01234567, 0x89abcdef, 0xdeadbeef], (start) => {
    let hash = start
    for (let index = 0; index < seed.length; index += 1)
      hash = Math.imul(hash ^ seed.charCodeAt(index), 0x01000193)
    return hash || 1
  })
