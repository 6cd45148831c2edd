// The last stable offset of a partition: readers of committed records stop there.
//
//     offset     10   11   12   13   14   15       A and B are transactions, C ends A with a commit
//     batch      A    B    A    C    –    –
//     stable  ── 10 until the marker C at 13 is readable, then 11 until B is ended
//
// A transaction holds it back from its first record until its marker is where readers may see it: a marker
// that a loss of power could take back has decided nothing yet.
import type { ProducerStates } from './producer-states.ts'

/** A transaction with its marker. */
interface Ended {
  firstOffset: number
  markerOffset: number
}

/** What of a partition is decided, and not readable yet. */
export class StableOffset {
  #ended: Ended[] = []

  /** A marker was given its offset, which is behind those of all others. */
  ended(firstOffset: number, markerOffset: number): void {
    this.#ended.push({ firstOffset, markerOffset })
  }

  /** Everything there is can be read. */
  clear(): void {
    this.#ended = []
  }

  /** The last stable offset when readers of everything stop at `readable`. */
  of(producers: ProducerStates, readable: number, logStart: number): number {
    let first = producers.firstOpen ?? Number.POSITIVE_INFINITY
    if (this.#ended.length > 0) {
      if (this.#ended[0]!.markerOffset < readable)
        this.#ended = this.#ended.filter(({ markerOffset }) => markerOffset >= readable)
      for (const { firstOffset } of this.#ended) first = Math.min(first, firstOffset)
    }
    // Records before the log start hold nobody back: they are gone.
    return Math.min(readable, Math.max(first, logStart))
  }
}
