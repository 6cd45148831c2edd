import type { OffsetPartition } from '../consumer/offsets/committed.ts'

/** The states of a transaction, by the names that Kafka's tools show. */
export const transactionPhases = [
  'Empty',
  'Ongoing',
  'PrepareCommit',
  'PrepareAbort',
  'CompleteCommit',
  'CompleteAbort',
  'Dead',
  'PrepareEpochFence',
] as const

/**
 * Where a transaction stands. `Dead` and `PrepareEpochFence` are never in the store: an id that expires is
 * forgotten in the step that decides it, and one that is fenced is being aborted in the same step.
 */
export type TransactionPhase = (typeof transactionPhases)[number]

/** How a client ends transactions: 2 raises the epoch with each of them (KIP-890). */
export type TransactionVersion = 1 | 2

/** What a producer is known by; an id of -1 is none. */
export interface ProducerIdentity {
  readonly producerId: number
  readonly epoch: number
}

/**
 * The timeout of a transaction that takes part in a two-phase commit: it stays open until whoever leads that has
 * decided (KIP-939). As a number it is the largest that a request has.
 */
export const unlimitedTimeoutMs = 2 ** 31 - 1

/** When a transaction is aborted; never before its client ends it where there is no limit. */
export const abortedAt = ({
  startedAtMs,
  timeoutMs,
}: Pick<TransactionFacts, 'startedAtMs' | 'timeoutMs'>): number | null =>
  timeoutMs === unlimitedTimeoutMs ? null : startedAtMs + timeoutMs

/** The row of a transactional id. Times are in ms since the epoch. */
export interface TransactionFacts extends ProducerIdentity {
  /** The id that the epochs ran out of last, or -1: a client that missed the change comes with it. */
  readonly previousProducerId: number
  /** The id that takes over when the markers are written, or -1. */
  readonly nextProducerId: number
  /** The epoch before this one as the client knows it, or -1: a client that missed the change comes with it. */
  readonly lastEpoch: number
  readonly phase: TransactionPhase
  readonly timeoutMs: number
  /** When the transaction began, or -1. */
  readonly startedAtMs: number
  readonly updatedAtMs: number
  /** How the transaction was ended; its markers have to be checked by that version's rule. */
  readonly version: TransactionVersion
}

/** A commit that waits until all that was written is on disk. */
export interface Ending {
  readonly ticket: number
  readonly version: TransactionVersion
  /** An id to go on with when the epochs run out, or -1. */
  readonly newProducerId: number
}

/** A transactional id with what its open transaction has written to. */
export interface TransactionState {
  readonly transactionalId: string
  facts: TransactionFacts
  readonly partitions: Map<string, OffsetPartition>
  readonly groups: Set<string>
  /** In memory alone: whoever waits for it hears of a store that fails. */
  ending: Ending | null
}

/** No producer id, or no epoch. */
export const none = -1

/** The largest epoch that a client is given: the one above it is used to fence its producer. */
export const epochMax = 32_766

/** A transactional id that nobody has used yet. */
export const newTransaction = (transactionalId: string): TransactionState => ({
  transactionalId,
  facts: {
    producerId: none,
    previousProducerId: none,
    nextProducerId: none,
    epoch: none,
    lastEpoch: none,
    phase: 'Empty',
    timeoutMs: 0,
    startedAtMs: none,
    updatedAtMs: none,
    version: 2,
  },
  partitions: new Map(),
  groups: new Set(),
  ending: null,
})

/** Says whether the id has been given a producer. */
export const exists = ({ facts }: TransactionState): boolean => facts.producerId !== none

/** By what a transaction finds one of its partitions. */
export const partitionKey = ({ topicId, partition }: OffsetPartition): string =>
  `${partition}/${topicId}`
