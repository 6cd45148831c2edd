/** What a reader sees of open and aborted transactions (KIP-98). */
export const IsolationLevel = {
  /** Everything up to the high watermark. */
  readUncommitted: 0,
  /** Up to the last stable offset, and nothing of what was aborted. */
  readCommitted: 1,
} as const

export type IsolationLevel = (typeof IsolationLevel)[keyof typeof IsolationLevel]
