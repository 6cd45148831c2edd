import { type ErrorName, KafkaError } from '#model'
import type { OffsetPartition } from '../consumer/offsets/committed.ts'
import { partitionKey } from './state.ts'
import type { Asking, Transactions } from './transactions.ts'

/** What keeps a transaction's batches out of a partition, or null. */
export type RefusalOf = (partition: OffsetPartition) => ErrorName | null

/**
 * Lets the batches of transactions into the log once the rows of their partitions are durable; those of one
 * transactional id in the order in which they came, although the first one to a partition has to wait.
 */
export class TransactionalAppends {
  readonly #transactions: Transactions
  /** The last one of each id that has not been appended yet; as many as requests are being served. */
  readonly #waiting = new Map<string, Promise<void>>()

  constructor(transactions: Transactions) {
    this.#transactions = transactions
  }

  /**
   * Calls `append` when batches may enter the partitions: at once where nothing has to be waited for. With
   * `adds` the partitions are added to the transaction where they are missing (Produce 12); without, one
   * that is missing is refused with TRANSACTION_ABORTABLE (KIP-890).
   */
  enter<Outcome>(
    asking: Asking,
    partitions: readonly OffsetPartition[],
    adds: boolean,
    append: (refusalOf: RefusalOf) => Promise<Outcome>,
  ): Promise<Outcome> {
    const { transactionalId } = asking
    const before = this.#waiting.get(transactionalId)
    if (!before && this.#transactions.isOpen(asking, partitions)) return append(nothing)
    // Those that come together share a round of the store; only their appends wait for each other.
    const admission = this.#admit(asking, partitions, adds)
    const admitted = before
      ? Promise.all([admission, before]).then(([refusalOf]) => refusalOf)
      : admission
    // In an object, so that whoever comes next waits for the append to begin and not for its outcome.
    const begun = admitted.then((refusalOf) => ({ outcome: append(refusalOf) }))
    const entered = begun.then(ignored, ignored).then(() => {
      if (this.#waiting.get(transactionalId) === entered) this.#waiting.delete(transactionalId)
    })
    this.#waiting.set(transactionalId, entered)
    return begun.then(({ outcome }) => outcome)
  }

  async #admit(
    asking: Asking,
    partitions: readonly OffsetPartition[],
    adds: boolean,
  ): Promise<RefusalOf> {
    try {
      if (adds) {
        await this.#transactions.addPartitions(asking, partitions)
        return nothing
      }
      const missing = await this.#transactions.missingPartitions(asking, partitions)
      const keys = new Set(missing.map(partitionKey))
      return (partition) => (keys.has(partitionKey(partition)) ? 'TRANSACTION_ABORTABLE' : null)
    } catch (error) {
      if (!(error instanceof KafkaError)) throw error
      return () => error.errorName
    }
  }
}

const nothing: RefusalOf = () => null
const ignored = (): void => undefined
