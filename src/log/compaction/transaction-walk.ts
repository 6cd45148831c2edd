import {
  attributesOf,
  isControl,
  isTransactional,
  lastOffsetOf,
  MarkerType,
  producerIdOf,
} from '#records'
import type { AbortedTransaction } from '../engine.ts'
import { readMarker } from './marker-record.ts'

/**
 * Follows the transactions of a log as its batches are walked in order, and says of each batch whether
 * its records may go: those of aborted transactions at once; a marker once no batch of its transaction
 * is left before it, because until then a reader of committed records needs it.
 */
export class TransactionWalk {
  /** By first offset, the earliest last. */
  readonly #aborted: AbortedTransaction[]
  /** Aborted transactions that were begun: by producer id, whether a batch of theirs is still there. */
  readonly #abortedOpen = new Map<number, boolean>()
  readonly #committedOpen = new Set<number>()

  constructor(aborted: readonly AbortedTransaction[]) {
    this.#aborted = [...aborted].sort((a, b) => b.firstOffset - a.firstOffset)
  }

  /** Whether what the batch holds is no longer needed; to be asked once for each batch, in order. */
  mayGo(bytes: Buffer, start: number, end: number): boolean {
    const attributes = attributesOf(bytes, start)
    const isMarker = isControl(attributes)
    if (!isMarker && !isTransactional(attributes)) return false
    this.#beginUpTo(lastOffsetOf(bytes, start))
    const producerId = producerIdOf(bytes, start)
    return isMarker
      ? this.#markerMayGo(producerId, readMarker(bytes, start, end)?.type)
      : this.#recordsMayGo(producerId)
  }

  #recordsMayGo(producerId: number): boolean {
    if (this.#abortedOpen.has(producerId)) {
      this.#abortedOpen.set(producerId, true)
      return true
    }
    this.#committedOpen.add(producerId)
    return false
  }

  #markerMayGo(producerId: number, type: number | undefined): boolean {
    if (type === undefined) return true
    if (type === MarkerType.commit) return !this.#committedOpen.delete(producerId)
    if (type !== MarkerType.abort) return false
    const isNeeded = this.#abortedOpen.get(producerId) ?? false
    this.#abortedOpen.delete(producerId)
    return !isNeeded
  }

  #beginUpTo(offset: number): void {
    for (let next = this.#aborted.at(-1); next && next.firstOffset <= offset; ) {
      this.#aborted.pop()
      if (!this.#abortedOpen.has(next.producerId)) this.#abortedOpen.set(next.producerId, false)
      next = this.#aborted.at(-1)
    }
  }
}
