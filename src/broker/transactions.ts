import {
  type ProducerIdSource,
  TransactionalAppends,
  type TransactionLog,
  Transactions,
  transactionSettings,
} from '#coordinators'
import { SqlTransactionStore } from '#metadata'
import { KafkaError } from '#model'
import type { Settings } from '#settings'
import type { Database, Timer, World } from '#world'
import { steadyTime } from './steady-time.ts'

/** The transactions of a running broker. */
export interface RunningTransactions {
  transactions: Transactions
  transactionalAppends: TransactionalAppends
  stop(): Promise<void>
}

/**
 * Loads what is open, ends what was decided, aborts what nobody can end, and from then on forgets ids that
 * nobody uses. The tables are there once the groups have started.
 */
export const startTransactions = async (
  { clock, logger }: World,
  { broker }: Settings,
  database: Database,
  logs: TransactionLog,
  producerIds: ProducerIdSource,
): Promise<RunningTransactions> => {
  const transactions = new Transactions(
    new SqlTransactionStore(database),
    logs,
    producerIds,
    steadyTime(clock),
    transactionSettings(broker),
  )
  for (const { topicId, partition, producerId } of await transactions.start())
    logger.error(
      'a transaction that nobody can end could not be aborted: kafka-transactions abort does it later',
      { topicId, partition, producerId },
    )
  let timer: Timer | undefined
  const expire = async (): Promise<void> => {
    try {
      await transactions.expire(broker['transactional.id.expiration.ms'])
    } catch (error) {
      // The store is full, or the broker stops: ids that nobody uses stay until the next look.
      if (!(error instanceof KafkaError)) throw error
      logger.warn('unused transactional ids could not be forgotten', { error: error.message })
    }
    wait()
  }
  const wait = (): void => {
    if (isStopped) return
    const intervalMs = broker['transaction.remove.expired.transaction.cleanup.interval.ms']
    timer = clock.after(intervalMs, () => void expire())
  }
  let isStopped = false
  wait()
  const stop = (): Promise<void> => {
    isStopped = true
    timer?.cancel()
    return transactions.close()
  }
  return { transactions, transactionalAppends: new TransactionalAppends(transactions), stop }
}
