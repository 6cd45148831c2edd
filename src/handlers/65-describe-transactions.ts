import { kafkaError } from '#model'
import { DescribeTransactions } from '#protocol'
import { perItem } from '#server'
import { handler } from './kit.ts'

/** Describes transactions by their ids (KIP-664). */
export const describeTransactions = handler(
  DescribeTransactions,
  async ({ transactionalIds }, { transactions, catalog }) => ({
    transactionStates: await perItem(
      transactionalIds,
      (transactionalId) => ({ ...unknown, transactionalId }),
      async (transactionalId) => {
        if (transactionalId === '') throw kafkaError('INVALID_REQUEST')
        const { facts, partitions } = await transactions.describe(transactionalId)
        const written = Map.groupBy(partitions, ({ topicId }) => topicId)
        return {
          errorCode: 0,
          transactionState: facts.phase,
          transactionTimeoutMs: facts.timeoutMs,
          transactionStartTimeMs: facts.startedAtMs,
          producerId: BigInt(facts.producerId),
          producerEpoch: facts.epoch,
          // A topic that was deleted has no name any more.
          topics: [...written].flatMap(([topicId, each]) => {
            const topic = catalog.identified(topicId)?.name
            const numbers = each.map(({ partition }) => partition).sort((a, b) => a - b)
            return topic === undefined ? [] : [{ topic, partitions: numbers }]
          }),
        }
      },
    ),
  }),
)

/** What an error says besides. */
const unknown = {
  transactionState: '',
  transactionTimeoutMs: 0,
  transactionStartTimeMs: -1,
  producerId: -1n,
  producerEpoch: -1,
  topics: [],
}
