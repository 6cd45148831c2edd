// What the transactions ask of a store, and the words they say it in.
import type { OffsetPartition } from '../consumer/offsets/committed.ts'
import type { MachineStore } from '../runtime.ts'
import type { ListedTransaction } from './commands.ts'
import type { StoredTransactionEvent } from './events.ts'
import type { TransactionState } from './state.ts'

/** What changes in the store. All changes of one write take effect together. */
export interface TransactionChange {
  readonly transactionalId: string
  readonly event: StoredTransactionEvent
}

/** Where transactions and the offsets in them are kept. Every read sees all earlier writes. */
export interface TransactionStore extends MachineStore<TransactionState, TransactionChange> {
  /** The ids whose transaction is open, or decided without all of its markers known to be written. */
  unfinished(): Promise<readonly string[]>
  list(): Promise<readonly ListedTransaction[]>
  /** Some ids, a bounded number, that have no transaction and were not used since then. */
  unusedSince(timeMs: number): Promise<readonly string[]>
  /** The partitions, of those asked for or with null of all, whose offset of a group is not decided yet. */
  pendingOffsets(
    groupId: string,
    partitions: readonly OffsetPartition[] | null,
  ): Promise<readonly OffsetPartition[]>
}
