/** How transactions are looked after. Times in ms. */
export interface TransactionSettings {
  /** `transaction.max.timeout.ms`: the longest timeout that a producer may ask for. */
  readonly timeoutMaxMs: number
  /** `add.partitions.to.txn.retry.backoff.ms`: how often a request looks again whether it may begin. */
  readonly retryBackoffMs: number
  /** `add.partitions.to.txn.retry.backoff.max.ms`: how long it does so before its client has to. */
  readonly retryMaxMs: number
}

export const transactionSettings = (broker: {
  readonly 'transaction.max.timeout.ms': number
  readonly 'add.partitions.to.txn.retry.backoff.ms': number
  readonly 'add.partitions.to.txn.retry.backoff.max.ms': number
}): TransactionSettings => ({
  timeoutMaxMs: broker['transaction.max.timeout.ms'],
  retryBackoffMs: broker['add.partitions.to.txn.retry.backoff.ms'],
  retryMaxMs: broker['add.partitions.to.txn.retry.backoff.max.ms'],
})
