import { isDeepStrictEqual } from 'node:util'

/** One value and what was asked to become of it, in order: what is found has to be one of those. */
export class Versions<T> {
  #asked: T[]
  readonly #ever: T[]
  /** No version before this one may come again. */
  #acknowledged = 0

  constructor(first: T) {
    this.#asked = [first]
    this.#ever = [first]
  }

  /** Returns the number of this version. */
  ask(value: T): number {
    this.#ever.push(value)
    return this.#asked.push(value) - 1
  }

  acknowledge(version: number): void {
    this.#acknowledged = Math.max(this.#acknowledged, version)
  }

  everAsked(condition: (value: T) => boolean): boolean {
    return this.#ever.some(condition)
  }

  /**
   * The first and the last version that a value may be, which no later one can be any more; undefined when
   * it is none of them.
   */
  settle(found: T): { first: number; last: number } | undefined {
    const isFound = (value: T, version: number): boolean =>
      version >= this.#acknowledged && isDeepStrictEqual(value, found)
    const first = this.#asked.findIndex(isFound)
    const last = this.#asked.findLastIndex(isFound)
    if (last === -1) return undefined
    this.#asked = this.#asked.slice(0, last + 1)
    this.#acknowledged = last
    return { first, last }
  }

  /** For a sentence that says what is wrong. */
  toString(): string {
    return this.#asked
      .slice(this.#acknowledged)
      .map((value) => JSON.stringify(value))
      .join(' or ')
  }
}
