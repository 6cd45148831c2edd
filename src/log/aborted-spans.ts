// The aborted transactions whose markers stand in one segment, in the order of the markers: what a reader
// of committed records has to be told of, in memory as `.txnindex` has it in a file.
import type { AbortedTransaction } from './engine.ts'

/** An aborted transaction from its first record to its marker. */
export interface AbortedSpan extends AbortedTransaction {
  /** Of the marker. */
  lastOffset: number
  /** The last stable offset with the marker: transactions that are aborted later begin there or behind. */
  lastStable: number
}

const fieldCount = 4
const roomMin = 16

/** Four numbers each: some logs have very many. */
export class AbortedSpans {
  #numbers = new Float64Array(0)
  #count = 0

  constructor(spans: Iterable<AbortedSpan> = []) {
    for (const span of spans) this.add(span)
  }

  get count(): number {
    return this.#count
  }

  /** Adds one whose marker is behind those of all others. */
  add({ producerId, firstOffset, lastOffset, lastStable }: AbortedSpan): void {
    const position = this.#count * fieldCount
    if (position === this.#numbers.length) {
      const larger = new Float64Array(Math.max(roomMin, this.#count * 2) * fieldCount)
      larger.set(this.#numbers)
      this.#numbers = larger
    }
    this.#numbers.set([producerId, firstOffset, lastOffset, lastStable], position)
    this.#count += 1
  }

  at(index: number): AbortedSpan {
    const position = index * fieldCount
    return {
      producerId: this.#numbers[position]!,
      firstOffset: this.#numbers[position + 1]!,
      lastOffset: this.#numbers[position + 2]!,
      lastStable: this.#numbers[position + 3]!,
    }
  }

  *[Symbol.iterator](): Iterator<AbortedSpan> {
    for (let index = 0; index < this.#count; index += 1) yield this.at(index)
  }

  /**
   * Adds to `found` those with anything from offset `from` on and before `upTo`; false when no later
   * segment can have more of them.
   */
  collect(from: number, upTo: number, found: AbortedSpan[]): boolean {
    for (let index = this.#firstEndingAt(from); index < this.#count; index += 1) {
      const span = this.at(index)
      if (span.firstOffset < upTo) found.push(span)
      if (span.lastStable >= upTo) return false
    }
    return true
  }

  #firstEndingAt(offset: number): number {
    let low = 0
    let high = this.#count
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#numbers[middle * fieldCount + 2]! < offset) low = middle + 1
      else high = middle
    }
    return low
  }
}

/** The transactions as a reader is told of them, that which began first before the others. */
export const toldOf = (spans: readonly AbortedSpan[]): AbortedTransaction[] =>
  spans
    .toSorted((a, b) => a.firstOffset - b.firstOffset)
    .map(({ producerId, firstOffset }) => ({ producerId, firstOffset }))
