/** Ascending keys with a value each, for some of the places of a segment. */
export class SparseIndex {
  #keys: number[] = []
  #values: number[] = []

  get count(): number {
    return this.#keys.length
  }

  get lastKey(): number {
    return this.#keys.at(-1) ?? -1
  }

  keyAt(index: number): number {
    return this.#keys[index]!
  }

  valueAt(index: number): number {
    return this.#values[index]!
  }

  /** Adds a key above all others. */
  add(key: number, value: number): void {
    this.#keys.push(key)
    this.#values.push(value)
  }

  /** The value of the largest key below or at `key`; undefined when there is none. */
  floor(key: number): number | undefined {
    let low = 0
    let high = this.#keys.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#keys[middle]! <= key) low = middle + 1
      else high = middle
    }
    return this.#values[low - 1]
  }

  /** Keeps every so many entries, so that at most `countMax` are left, and the last one. */
  thin(countMax: number): void {
    const count = this.#keys.length
    if (count <= countMax) return
    const step = Math.ceil(count / countMax)
    const kept = (_: number, index: number) => index % step === 0 || index === count - 1
    this.#keys = this.#keys.filter(kept)
    this.#values = this.#values.filter(kept)
  }
}
