// What the transactions ask of the log, and the words they say it in.
import type { ErrorName } from '#model'
import type { OffsetPartition } from '../consumer/offsets/committed.ts'
import type { ProducerIdentity, TransactionVersion } from './state.ts'

/** The end of a transaction in one partition. */
export interface TransactionMarker extends OffsetPartition, ProducerIdentity {
  readonly commit: boolean
  /** Under version 2 the epoch has to be above that of the batches that the marker ends (KIP-1228). */
  readonly version: TransactionVersion
}

/** A transaction that has batches in a partition and no marker behind them. */
export interface OpenTransaction extends OffsetPartition, ProducerIdentity {}

/** Where transactional batches are. */
export interface TransactionLog {
  /** Resolves when all that the partitions hold by now is on disk; rejects when some of it may be lost. */
  durable(partitions: readonly OffsetPartition[]): Promise<void>
  /**
   * Appends the markers, and resolves when they are on disk to what keeps each from being written, or null.
   * A partition that is gone needs none.
   */
  appendMarkers(markers: readonly TransactionMarker[]): Promise<readonly (ErrorName | null)[]>
  /** Every transaction that is open in some partition. */
  openTransactions(): readonly OpenTransaction[]
}
