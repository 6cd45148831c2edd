/**
 * Frames up to this size never wait behind larger ones: heartbeats and metadata pass while produce is
 * held back. Until such a frame is whole its bytes belong to its connection alone.
 */
export const smallFrameSizeMax = 64 * 1024

/** Bytes of small frames being served at once. */
export const smallFramesBytesMax = 64 * 1024 * 1024

/** Bytes given to a socket in one call: small enough to see that a slow reader makes progress. */
export const writeSizeMax = 1024 * 1024

/** While responses are short of room, who has not read a byte for so long is closed. */
export const stalledReaderMs = 10_000

/**
 * Who has memory set aside for a frame that others wait for, and sends less of it in each of so many
 * sweeps, is closed: a few bytes from a stranger must not hold large requests back.
 */
export const slowFrameBytesMin = 64 * 1024
export const slowFrameSweepsMax = 3

/** How often idle, late and stalled connections are looked for. */
export const sweepIntervalMs = 1000

/** Log lines about misbehaving connections in one sweep interval; the rest are counted. */
export const complaintsPerIntervalMax = 20

/** How long a stop waits for requests that are being served. */
export const drainMs = 5000

/** Items of one request that are looked up side by side: enough to share a round of the store, and a few ms of work. */
export const itemsAtOnceMax = 256

/**
 * Bounds of the times of service that are told apart, each about twice the one before: a page cache answers
 * within the first few, a disk within the middle ones, and a fetch that waits takes half a second.
 */
export const serviceBoundsMs: readonly number[] = [
  0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000,
]
