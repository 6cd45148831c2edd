import {
  attributesOf,
  baseOffsetOf,
  isControl,
  isTransactional,
  lastOffsetOf,
  MarkerType,
  producerIdOf,
} from '#records'
import type { AbortedSpan } from '../aborted-spans.ts'
import { readMarker } from './marker-record.ts'

interface BegunSpan {
  span: AbortedSpan
  /** A batch of it is still there. */
  hasBatches: boolean
}

/**
 * Follows the transactions of a log as its batches are walked in order, and says of each batch whether
 * its records may go: those of aborted transactions at once; a marker once no batch of its transaction
 * is left before it, because until then a reader of committed records needs it.
 */
export class TransactionWalk {
  /** By first offset, the earliest last. */
  readonly #aborted: AbortedSpan[]
  /** Aborted transactions that were begun, by producer id. */
  readonly #abortedOpen = new Map<number, BegunSpan>()
  readonly #committedOpen = new Set<number>()
  #needed: AbortedSpan[] = []

  constructor(aborted: readonly AbortedSpan[]) {
    this.#aborted = [...aborted].sort((a, b) => b.firstOffset - a.firstOffset)
  }

  /**
   * The aborted transactions whose markers were met since this was last asked, and of which there were still
   * batches: readers that have some of those have to be told of them.
   */
  takeNeeded(): AbortedSpan[] {
    const needed = this.#needed
    this.#needed = []
    return needed
  }

  /** Whether what the batch holds is no longer needed; to be asked once for each batch, in order. */
  mayGo(bytes: Buffer, start: number, end: number): boolean {
    const attributes = attributesOf(bytes, start)
    const isMarker = isControl(attributes)
    if (!isMarker && !isTransactional(attributes)) return false
    this.#beginUpTo(baseOffsetOf(bytes, start), lastOffsetOf(bytes, start))
    const producerId = producerIdOf(bytes, start)
    return isMarker
      ? this.#markerMayGo(producerId, readMarker(bytes, start, end)?.type)
      : this.#recordsMayGo(producerId)
  }

  #recordsMayGo(producerId: number): boolean {
    const begun = this.#abortedOpen.get(producerId)
    if (begun) {
      begun.hasBatches = true
      return true
    }
    this.#committedOpen.add(producerId)
    return false
  }

  #markerMayGo(producerId: number, type: number | undefined): boolean {
    if (type === undefined) return true
    if (type === MarkerType.commit) return !this.#committedOpen.delete(producerId)
    if (type !== MarkerType.abort) return false
    const begun = this.#abortedOpen.get(producerId)
    this.#abortedOpen.delete(producerId)
    if (!begun?.hasBatches) return true
    this.#needed.push(begun.span)
    return false
  }

  #beginUpTo(baseOffset: number, lastOffset: number): void {
    for (let next = this.#aborted.at(-1); next && next.firstOffset <= lastOffset; ) {
      this.#aborted.pop()
      // One that ended before the walk began has nothing to say of what follows.
      if (next.lastOffset >= baseOffset)
        this.#abortedOpen.set(next.producerId, { span: next, hasBatches: false })
      next = this.#aborted.at(-1)
    }
  }
}
