/** Timestamps with which ListOffsets asks for a place instead of a time. */
export const SpecialTime = {
  /** The high watermark, or the last stable offset for a reader of committed records. */
  latest: -1,
  /** The log start. */
  earliest: -2,
  /** The record with the largest timestamp (KIP-734, from v7). */
  newest: -3,
  /** The first offset on the broker's own disk (KIP-405, from v8). */
  earliestLocal: -4,
  /** The last offset in tiered storage (KIP-1005, from v9). */
  latestTiered: -5,
  /** The first offset that tiered storage lacks (KIP-1023, from v11). */
  earliestPendingUpload: -6,
} as const

export type SpecialTime = (typeof SpecialTime)[keyof typeof SpecialTime]
