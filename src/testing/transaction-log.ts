import type {
  OffsetPartition,
  OpenTransaction,
  TransactionLog,
  TransactionMarker,
} from '#coordinators'
import type { ErrorName } from '#model'

/** A log for transactions that says what it was asked, and does it when it is told to. */
export class HeldTransactionLog implements TransactionLog {
  /** What is open when the transactions start. */
  open: OpenTransaction[] = []
  /** Every marker that was to be written, as `commit 1/0 topic-0`. */
  readonly written: string[] = []
  /** What the next markers are refused for, or null; the last one is for the next marker. */
  refusals: (ErrorName | null)[] = []
  isDurableHeld = false
  areMarkersHeld = false
  #held: { resolve(): void; reject(error: Error): void }[] = []

  async durable(_: readonly OffsetPartition[]): Promise<void> {
    if (this.isDurableHeld) await this.#hold()
  }

  async appendMarkers(
    markers: readonly TransactionMarker[],
  ): Promise<readonly (ErrorName | null)[]> {
    if (this.areMarkersHeld) await this.#hold()
    return markers.map(({ commit, producerId, epoch, topicId, partition }) => {
      const refusal = this.refusals.pop() ?? null
      if (refusal === null)
        this.open = this.open.filter(
          (each) =>
            each.topicId !== topicId ||
            each.partition !== partition ||
            each.producerId !== producerId,
        )
      const word = refusal ?? (commit ? 'commit' : 'abort')
      this.written.push(`${word} ${producerId}/${epoch} ${topicId}-${partition}`)
      return refusal
    })
  }

  openTransactions(): readonly OpenTransaction[] {
    return this.open
  }

  /** How many calls wait. */
  get heldCount(): number {
    return this.#held.length
  }

  /** Lets what waits go on. */
  release(): void {
    for (const { resolve } of this.#held.splice(0)) resolve()
  }

  /** Lets what waits fail. */
  fail(): void {
    for (const { reject } of this.#held.splice(0)) reject(new Error('the disk is sick'))
  }

  #hold(): Promise<void> {
    return new Promise((resolve, reject) => this.#held.push({ resolve, reject }))
  }
}
