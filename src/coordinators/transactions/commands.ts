import type { ErrorName } from '#model'
import type { CommittedOffset, OffsetPartition } from '../consumer/offsets/committed.ts'
import type { Decision } from '../machine.ts'
import type { TransactionEvent } from './events.ts'
import type {
  ProducerIdentity,
  TransactionFacts,
  TransactionPhase,
  TransactionVersion,
} from './state.ts'

/** An InitProducerId. */
export interface InitCommand {
  readonly kind: 'init'
  readonly timeoutMs: number
  /** Whose work the producer carries on (KIP-360); null takes over from whoever had the id. */
  readonly expected: ProducerIdentity | null
  /** An id that nobody has; null when none was asked for yet. */
  readonly newProducerId: number | null
}

/** An AddPartitionsToTxn, or what a Produce of version 12 adds by itself. */
export interface AddPartitionsCommand extends ProducerIdentity {
  readonly kind: 'addPartitions'
  readonly partitions: readonly OffsetPartition[]
}

/** An AddOffsetsToTxn. */
export interface AddGroupCommand extends ProducerIdentity {
  readonly kind: 'addGroup'
  readonly groupId: string
}

/** Asks whether partitions are in the transaction, before a batch of an older client enters them. */
export interface VerifyCommand extends ProducerIdentity {
  readonly kind: 'verify'
  readonly partitions: readonly OffsetPartition[]
}

/** A TxnOffsetCommit; without offsets it asks whether there may be one. */
export interface PendCommand extends ProducerIdentity {
  readonly kind: 'pend'
  readonly groupId: string
  readonly offsets: readonly CommittedOffset[]
  /** Whether the group is added where it is missing (TxnOffsetCommit 5). */
  readonly adds: boolean
}

/** An EndTxn. The runtime parks a commit under `ticket` until its bytes are on disk. */
export interface EndCommand extends ProducerIdentity {
  readonly kind: 'end'
  readonly ticket: number
  readonly commit: boolean
  readonly version: TransactionVersion
  readonly newProducerId: number | null
}

export type TransactionCommand =
  | InitCommand
  | AddPartitionsCommand
  | AddGroupCommand
  | VerifyCommand
  | PendCommand
  | EndCommand
  /** What a commit that waited has written is on disk; with an error it may be lost. */
  | { readonly kind: 'synced'; readonly ticket: number; readonly error: ErrorName | null }
  /** The markers of the transaction that this producer ended are on disk. */
  | ({ readonly kind: 'completed' } & ProducerIdentity)
  | { readonly kind: 'describe' }
  /** Forgets an id that was not used since then. */
  | { readonly kind: 'expire'; readonly unusedSinceMs: number }
  /** Starts the timer of a transaction that was loaded from its rows. */
  | { readonly kind: 'load' }
  /** Aborts a transaction that has taken too long. */
  | { readonly kind: 'wake' }

export interface TransactionRefusal {
  readonly kind: 'refused'
  readonly error: ErrorName
  readonly message: string
}

/** What a producer goes on with. */
export interface ProducerReply extends ProducerIdentity {
  readonly kind: 'producer'
}

export interface VerifiedReply {
  readonly kind: 'verified'
  /** Those of the partitions asked for that are not in the transaction. */
  readonly missing: readonly OffsetPartition[]
}

export interface TransactionDescription {
  readonly kind: 'described'
  readonly facts: TransactionFacts
  readonly partitions: readonly OffsetPartition[]
}

export type TransactionReply =
  | TransactionRefusal
  | ProducerReply
  | VerifiedReply
  | TransactionDescription
  /** Nothing was decided: the command is to come again with a new producer id. */
  | { readonly kind: 'needsProducerId' }
  | { readonly kind: 'done' }

/** What the machine of transactions decides. */
export type TransactionDecision = Decision<TransactionEvent, TransactionReply>

/** A transaction as a listing shows it. */
export interface ListedTransaction extends ProducerIdentity {
  readonly transactionalId: string
  readonly phase: TransactionPhase
  readonly startedAtMs: number
}
