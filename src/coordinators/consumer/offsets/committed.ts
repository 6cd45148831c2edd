import type { Uuid } from '#model'

/** A partition, as offsets know it: by its topic's id, so that another topic of the name begins anew. */
export interface OffsetPartition {
  readonly topicId: Uuid
  readonly partition: number
}

/** How far a group has read a partition. Times are in ms since the epoch. */
export interface CommittedOffset extends OffsetPartition {
  readonly offset: number
  /** -1 where the client did not say. */
  readonly leaderEpoch: number
  readonly metadata: string
  readonly committedAtMs: number
  /** When a client of OffsetCommit 2 to 4 wants it to be forgotten; null leaves that to the broker. */
  readonly expiresAtMs: number | null
}

/** Whose age says whether an offset may be forgotten (KIP-211). */
export type ExpiryRule =
  /** The group has had no members since then: all its offsets, once that is long enough ago. */
  | { readonly kind: 'group'; readonly sinceMs: number }
  /** Each offset by the time of its commit, besides those of topics that are still read. */
  | { readonly kind: 'commit'; readonly except: readonly Uuid[] }
  /** None, but for those whose client said when. */
  | { readonly kind: 'none' }
