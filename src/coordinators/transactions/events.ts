import type { CommittedOffset, OffsetPartition } from '../consumer/offsets/committed.ts'
import type { Ending, TransactionFacts } from './state.ts'

/** What changes a transaction. All kinds but `endingSet` are in the store before anyone hears of them. */
export type TransactionEvent =
  /** Writes the row. */
  | { readonly kind: 'changed'; readonly facts: TransactionFacts }
  | { readonly kind: 'partitionsAdded'; readonly partitions: readonly OffsetPartition[] }
  | { readonly kind: 'groupAdded'; readonly groupId: string }
  /** Keeps offsets until the transaction is decided. */
  | {
      readonly kind: 'offsetsPended'
      readonly groupId: string
      readonly offsets: readonly CommittedOffset[]
    }
  /** The offsets that were kept become the groups' own, or are forgotten. */
  | { readonly kind: 'offsetsDecided'; readonly commit: boolean }
  /** The transaction is over: its partitions and groups are forgotten. */
  | { readonly kind: 'cleared' }
  /** The id is forgotten. */
  | { readonly kind: 'removed' }
  | { readonly kind: 'endingSet'; readonly ending: Ending | null }

export type StoredTransactionEvent = Exclude<TransactionEvent, { kind: 'endingSet' }>

/** Says whether the event has to be in the store before anyone hears of it. */
export const isStoredTransaction = (event: TransactionEvent): event is StoredTransactionEvent =>
  event.kind !== 'endingSet'
