// The seam between the broker and what keeps its records: partitions as sequences of record batches.
//
// An engine knows nothing of API versions, sockets or groups. A batch is opaque bytes but for its
// 61-byte header. Partitions are named by topic id and number in every call, so nobody holds an
// object that outlives a move; any number of them in one call is one call.
//
// Words. *log start*: the first offset that may be read. *end*: the offset after the last one given
// out. *durable end*: the offset after the last one that survives a loss of power. *high watermark*:
// the offset after the last one that readers may see; under `flush=disk` it is the durable end, under
// `flush=os` the written end. *last stable offset*: the first offset of the earliest open transaction,
// or the high watermark when there is none.
import type { Durations, ErrorName, KafkaError, Uuid } from '#model'
import type { Codec, RecordFault } from '#records'

/** Names one partition for as long as it lives; a topic made again has another id. */
export interface PartitionId {
  topicId: Uuid
  partition: number
}

/** What `compression.type` may be, but for `producer`. */
export type CompressionType = 'uncompressed' | Exclude<keyof typeof Codec, 'none'>

/** What the log does differently from topic to topic. Sizes in bytes, times in milliseconds. */
export interface LogConfig {
  /** When `acks=all` is answered and readers see a record: on disk, or in the page cache. */
  flush: 'disk' | 'os'
  /** Under `flush=os`: so many records, and what is so old, are synced all the same. */
  flushMessages: number
  flushMs: number
  /** How batches are compressed in the log; undefined leaves them as they come. */
  compression: { type: CompressionType; level: number | undefined } | undefined
  segmentBytes: number
  segmentMs: number
  segmentJitterMs: number
  segmentIndexBytes: number
  indexIntervalBytes: number
  maxMessageBytes: number
  /** The log compacts: a record without key is refused. */
  compacted: boolean
  /** The oldest segments go by the two limits that follow, each below zero for none. */
  deletes: boolean
  retentionMs: number
  retentionBytes: number
  /** A log with a larger share of bytes not cleaned yet is cleaned, from 0 to 1. */
  minCleanableDirtyRatio: number
  /** Records younger than this are not cleaned; one older than the second makes its log be cleaned. */
  minCompactionLagMs: number
  maxCompactionLagMs: number
  /** How long a tombstone stays once nothing older is left of its key. */
  deleteRetentionMs: number
  /** Compressed batches are unfolded on the way in and each record is checked. */
  openCompressed: boolean
  timestampType: 'CreateTime' | 'LogAppendTime'
  timestampBeforeMaxMs: number
  timestampAfterMaxMs: number
  fileDeleteDelayMs: number
}

/** A partition to be served. */
export interface OpenPartition extends PartitionId {
  topic: string
  config: LogConfig
  /** The epoch of this start: above that of every earlier one, and durable already. */
  leaderEpoch: number
}

/** One partition's record data of a produce request, as it came. */
export interface Append extends PartitionId {
  /** The bytes of exactly one batch; anything else is refused with the error Kafka gives. */
  records: Uint8Array | null
  /** Without it a batch that says to be of a transaction is refused with `INVALID_TXN_STATE`. */
  transaction?: AppendTransaction | undefined
}

/** How a client ends its transactions: 2 raises the producer's epoch with each of them (KIP-890). */
export type TransactionVersion = 1 | 2

/** What is known of the transaction that a batch says to be of. */
export interface AppendTransaction {
  /** Under version 2 a producer that nobody knows has to begin with sequence 0. */
  version: TransactionVersion
  /** Asked in the very step that gives out the batch's offsets: what keeps it out, or null. */
  guard(): ErrorName | null
}

/** The end of a producer's transaction in one partition. */
export interface TransactionMarker extends PartitionId {
  producerId: number
  /** The producer's epoch from now on. */
  epoch: number
  commit: boolean
  /** Under version 2 the epoch has to be above that of the batches that the marker ends (KIP-1228). */
  version: TransactionVersion
  /**
   * One older than the last that wrote here is fenced. Left out, it is that one: whoever has only one
   * coordinator needs none, also where another broker's wrote before.
   */
  coordinatorEpoch?: number
}

/** A transaction that has batches in a partition and no marker behind them. */
export interface OpenTransaction extends PartitionId {
  producerId: number
  epoch: number
  /** Where it began; readers of committed records stop there. */
  firstOffset: number
}

/** How an append is to be taken. */
export interface AppendOptions {
  /** 0 and 1 settle once written, -1 (all) once durable under the partition's `flush`. */
  acks: -1 | 0 | 1
  /** zstd is refused to producers that speak a version before it existed (Produce below 7). */
  zstdAllowed: boolean
  /** What is not durable by then answers `REQUEST_TIMED_OUT` under acks=all; it stays in the log. */
  timeoutMs: number
}

/** What became of one partition's append. */
export type AppendOutcome =
  | {
      error: undefined
      /** The offset of the batch's first record; of the original's when this was a duplicate. */
      baseOffset: number
      /** The broker's time under `LogAppendTime`, else -1. */
      logAppendTimeMs: number
      logStart: number
    }
  | {
      error: KafkaError
      logStart: number
      recordFaults: readonly RecordFault[]
    }

/** Where to read a partition from, and how much at most. */
export interface Read extends PartitionId {
  offset: number
  /** At most so many bytes, except that a first batch comes whole where the call allows it. */
  bytesMax: number
  committedOnly: boolean
  /** The leader epoch the reader believes in, or -1. */
  currentLeaderEpoch: number
}

/** An aborted transaction whose records a reader of committed ones must drop. */
export interface AbortedTransaction {
  producerId: number
  firstOffset: number
}

/** What a read found; with an error the records are empty. Unknown offsets are -1. */
export interface ReadOutcome {
  error: KafkaError | undefined
  /** Whole batches, the first of them holding the offset read from, or the next one there is. */
  records: readonly Uint8Array[]
  recordsSize: number
  highWatermark: number
  lastStable: number
  logStart: number
  /** Null unless only committed records were asked for. */
  aborted: readonly AbortedTransaction[] | null
}

/** What a partition reaches at this moment. */
export interface Bounds {
  logStart: number
  highWatermark: number
  lastStable: number
  end: number
  durableEnd: number
  leaderEpoch: number
  /** Set when the partition's disk failed; every append and read answers with it. */
  offline: ErrorName | undefined
  /** What follows the high watermark is damaged: a read there answers with an error. */
  damaged: boolean
}

/** An offset together with the record time found there and the epoch it was written in. */
export interface TimedOffset {
  offset: number
  timestampMs: number
  leaderEpoch: number
}

/** What a producer last did in a partition (DescribeProducers). */
export interface ProducerState {
  producerId: number
  producerEpoch: number
  lastSequence: number
  lastTimestampMs: number
  coordinatorEpoch: number
  /** First offset of its open transaction, or -1. */
  currentTransactionStart: number
}

/**
 * Something about a partition moved that a waiting reader may care for: its high watermark, last
 * stable offset or log start, an error, or its end. Told once a turn of the event loop and partition.
 */
export interface Movement extends PartitionId {
  /** Bytes that became readable since the last notice, for those who read everything. */
  readableBytes: number
  /** Readers must look again whatever they wait for: offline, dropped, log start moved. */
  disturbed: boolean
}

/** What an engine found when it opened. */
export interface Opened {
  /** The largest producer id in any log or snapshot, or -1: new ids begin above it. */
  producerIdMax: number
}

/** A partition whose files are not what was written. */
export interface DamagedPartition {
  topic: string
  partition: number
  /** The file, or the folder where that is gone, and the byte of it from which on nothing is served. */
  file: string
  position: number
}

/** What an engine has done since it opened, and how it is now. */
export interface LogFigures {
  partitions: number
  /** Partitions that take nothing because their disk failed or is full. */
  offline: number
  /** How many partitions are damaged … */
  damagedCount: number
  /** … and some of them by name, bounded in number. */
  damaged: readonly DamagedPartition[]
  segments: number
  /** Bytes of record batches. */
  bytes: number
  /** Bytes and records of batches that were written, markers of transactions included. */
  appendedBytes: number
  appendedRecords: number
  /** Rounds in which what was written was synced. */
  syncs: Durations
  /** Bytes that are written and on their way to the disk. */
  unsyncedBytes: number
  /** The share of the commit log that holds what is not in the segments for good, from 0 to 1. */
  commitLogFill: number
  /** Bytes that were written to the commit log. */
  commitLogBytes: number
  /** The disk is nearly full: nothing is appended. */
  isDiskShort: boolean
}

/** What keeps the records. Every promise settles; one that rejects is a bug or a `LogError`. */
export interface LogEngine {
  /** Serves the partitions, recovering and creating what they need. */
  open(partitions: readonly OpenPartition[]): Promise<Opened>
  /**
   * Appends each batch to its partition. Calls take effect in order per partition, whatever order
   * they settle in. The outcomes stand in the order of `appends`.
   */
  append(appends: readonly Append[], options: AppendOptions): Promise<readonly AppendOutcome[]>
  /**
   * Ends transactions in their partitions, all in one round. Settles when the markers are on disk, whatever
   * the partitions' `flush`, to what kept each from being written, or null; a partition that is gone
   * needs none. INVALID_PRODUCER_EPOCH or TRANSACTION_COORDINATOR_FENCED tell of one that comes too late.
   */
  appendMarkers(markers: readonly TransactionMarker[]): Promise<readonly (ErrorName | null)[]>
  /**
   * Settles when all that the partitions hold by now is on disk, whatever their `flush`; rejects with a
   * `KafkaError` when some of it may be lost. A partition that is gone holds nothing.
   */
  durable(ids: readonly PartitionId[]): Promise<void>
  /** The open transactions of a partition, or of all, those that began first before the others. */
  openTransactions(id?: PartitionId): readonly OpenTransaction[]
  /**
   * Reads each partition in order until `bytesMax` is used up. The first batch found comes whole
   * even if it alone is larger, so that no reader is stuck; later ones stay within the limits.
   */
  read(reads: readonly Read[], bytesMax: number): Promise<readonly ReadOutcome[]>
  /** What the partition reaches now, without waiting; undefined when it is not served. */
  bounds(id: PartitionId): Bounds | undefined
  /**
   * How many bytes a read from `offset` would find now, roughly (segment positions through the
   * index), without waiting. 0 at the end or out of range.
   */
  readableBytes(id: PartitionId, offset: number, committedOnly: boolean): number
  /** Names the one listener for movements; called at the end of a turn. */
  onMovement(listener: (movements: readonly Movement[]) => void): void
  /**
   * The first record at or after a time, searched inside the batch; undefined when none is, or when it is
   * not below what the reader may see.
   */
  firstSince(
    id: PartitionId,
    timestampMs: number,
    committedOnly: boolean,
  ): Promise<TimedOffset | undefined>
  /** The record with the largest time (the first of equals); undefined when there is none. */
  newest(id: PartitionId, committedOnly: boolean): Promise<TimedOffset | undefined>
  /**
   * The end of the largest epoch not above `epoch` (OffsetForLeaderEpoch, KIP-101); -1, -1 when
   * there is none, as for an epoch above the current one.
   */
  epochEnd(id: PartitionId, epoch: number): { leaderEpoch: number; endOffset: number }
  /** The epoch that `offset` was written in. */
  epochOf(id: PartitionId, offset: number): number
  /** The producers remembered in a partition. */
  producers(id: PartitionId): readonly ProducerState[]
  /** How the engine is, without waiting; each call looks at every partition. */
  figures(): LogFigures
  /** Bytes of a partition's record batches. */
  size(id: PartitionId): number
  configure(id: PartitionId, config: LogConfig): void
  /**
   * Cleans, once each, the compacted partitions that are due now, those with the largest share of bytes to
   * be cleaned first; resolves to how many were cleaned. An engine that was given the settings for it
   * does so by itself from time to time.
   */
  compact(): Promise<number>
  /**
   * Moves the log start up to an offset, -1 standing for the high watermark: records before it cannot be
   * read any more, also after a restart, once this settles with the log start. An offset that is behind
   * it already changes nothing; one above the high watermark rejects with `OFFSET_OUT_OF_RANGE`.
   */
  deleteBefore(id: PartitionId, offset: number): Promise<number>
  /** Stops serving the partitions at once; their files are removed in the background. */
  drop(ids: readonly PartitionId[]): Promise<void>
  /** Syncs, writes checkpoints and lets go of everything. */
  close(): Promise<void>
}
