/** Batches of a producer that are known again; Kafka's clients keep as many in flight (KIP-98). */
export const batchesRememberedMax = 5

/** What a compressed batch may unfold to, as a multiple of `max.message.bytes`: a bomb is refused. */
export const unfoldedFactorMax = 100

/** The least that bound is, for topics with a small `max.message.bytes`. */
export const unfoldedSizeMin = 64 * 1024 * 1024

/**
 * What a stored batch may unfold to when a time is looked for in it, one at a time; of a larger one only
 * the header is believed.
 */
export const unfoldedSizeMax = 256 * 1024 * 1024

/** Page-cache writes of one turn of the event loop; what is over waits for the next one (D7). */
export const writeMsPerTurnMax = 2

/** A write that took longer means that the kernel is writing back: use the pool for a while (D7). */
export const slowWriteMs = 5
export const slowPauseMs = 100

/** Bytes written and not synced beyond which writes go through the pool (D7). */
export const unsyncedBytesMax = 64 * 1024 * 1024

/** Bytes that nobody waits for are synced after so long, or so many (D1). */
export const idleSyncMs = 10
export const idleSyncBytes = 8 * 1024 * 1024

/** Syncs in flight: half of libuv's four threads, so that reads keep theirs (D7). */
export const syncsMax = 2

/** A commit log takes up no more than this share of what is free on the disk. */
export const commitLogShareMax = 1 / 16

/** A round over fewer segments syncs them; over more, one write to the commit log is sooner done. */
export const commitLogSegmentsMin = 4

/** More than so many bytes of one partition in a round are synced where they are, and not written twice. */
export const commitLogPieceSizeMax = 64 * 1024

/** What one round writes to the commit log at most. */
export const commitLogEntrySizeMax = 4 * 1024 * 1024

/** Bytes at the end of one open segment that are kept back for a larger write. */
export const keptBackSizeMax = 8 * 1024

/** Bytes of recent batches kept for readers at the tail, over all partitions. */
export const tailCacheBytesMax = 64 * 1024 * 1024

/** What a batch in that cache costs beside its bytes: its places in lists. */
export const tailBatchOverheadSize = 64

/**
 * Batches up to this size are copied into the cache, which costs less than an object that grows old; larger
 * ones are few.
 */
export const copiedBatchSizeMax = 8 * 1024

/** How much of the cache goes at a time; a slow reader keeps no more than that alive for each small batch. */
export const tailBlockSize = 64 * 1024

/** Index entries of a closed segment kept in memory; a look-up then walks what lies between two. */
export const closedIndexEntriesMax = 4096

/** Aborted transactions of a closed segment kept in memory; more are read again when they are needed. */
export const closedAbortedMax = 4096

/** What a read adds to reach the batch it looks for from the index entry before it. */
export const indexSlackSize = 16 * 1024

/** Places where recent readers stopped, remembered per partition so that they go on without a look-up. */
export const readPlacesMax = 16

/** No batch is larger; a length beyond it in a file is damage. */
export const batchSizeMax = 256 * 1024 * 1024

/** How far behind a bad batch a good one is looked for, to tell damage from a torn tail (D9). */
export const damageSearchSize = 64 * 1024 * 1024

/**
 * Aborted transactions whose markers one segment takes before the next one is begun: those of the newest
 * segment are in memory, 32 bytes each.
 */
export const abortedInSegmentMax = 1 << 18

/** A scan reads so much at a time. */
export const scanWindowSize = 1024 * 1024

/** Partitions that are opened at one time at a start, and closed at a stop. */
export const opensMax = 16

/** Partition folders that are made at one time; each is a few syncs. */
export const preparationsMax = 4

/** A partition that found the disk full waits for so much room: two of the largest default messages. */
export const roomBytesMin = 2 * 1024 * 1024

/** How often the free space of the disk is looked at while something is written, or none is left. */
export const roomCheckMs = 1000

/** Batches that a look-up by time opens in vain, because their headers promise what they do not hold. */
export const emptyPromisesMax = 100

/** No batch has more records than a 32-bit count says. */
export const batchRecordsMax = 2 ** 31

/** The longest name that a folder can have. */
export const folderNameSizeMax = 255

/** A start is followed by a first look for old segments after so long, as in Kafka. */
export const firstRetentionCheckMs = 30_000

/** A `flush.ms` of this or more, which Kafka's default is, stands for never: some 24 days. */
export const flushMsNever = 2 ** 31

/** How often recovery points are written: what a crash has to scan again is younger than this. */
export const checkpointIntervalMs = 60_000

/** After a write that found the disk full the partition tries again. */
export const fullDiskRetryMs = 1000

/** Producer snapshots kept per partition: the last one, and one before it should that be damaged. */
export const snapshotsKept = 2

/**
 * Damaged partitions that are told by name, each of which is a series of its own in the metrics: with more of
 * them it is the disk that has failed, and their number says so.
 */
export const damagedNamedMax = 100

/** Bounds of the times of sync rounds that are told apart: from a disk with a cache of its own to one that is ill. */
export const syncBoundsMs: readonly number[] = [
  0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000,
]

/** How often appends are looked through for those whose time is up. */
export const deadlineCheckMs = 50

/** A cleaning looks so often whether it is still wanted, and lets others have their turn. */
export const cleaningPieceSize = 8 * 1024 * 1024

/** What a cleaning has written is synced so often, so that no sync takes long and disturbs the others. */
export const cleaningSyncSize = 8 * 1024 * 1024

/** A cleaning gathers so much before it writes. */
export const cleaningWriteSize = 1024 * 1024

/** A new segment's positions are 32-bit numbers in its index. */
export const segmentSizeMax = 0x7fffffff

/** A scrub reads so much before it looks whether it is still wanted, or has to wait for its rate. */
export const scrubPieceSize = 4 * 1024 * 1024

/** A start is followed by a first scrub after so long: a broker that is started often has one, too. */
export const firstScrubMs = 600_000
