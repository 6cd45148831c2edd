import { DescribeProducers } from '#protocol'
import { perItemWithMessage } from '#server'
import { handler } from './kit.ts'
import { leadPartition } from './partition-lookup.ts'

/** Says which producers a partition remembers, and whose transaction is open in it (KIP-664). */
export const describeProducers = handler(DescribeProducers, async (request, context) => ({
  topics: await Promise.all(
    request.topics.map(async ({ name, partitionIndexes }) => ({
      name,
      partitions: await perItemWithMessage(
        partitionIndexes,
        (partitionIndex) => ({ partitionIndex, activeProducers: [] }),
        (partition) => {
          const led = leadPartition(context, name, partition, -1)
          return {
            errorCode: 0,
            errorMessage: null,
            activeProducers: context.logs.producers(led).map((producer) => ({
              producerId: BigInt(producer.producerId),
              producerEpoch: producer.producerEpoch,
              lastSequence: producer.lastSequence,
              lastTimestamp: producer.lastTimestampMs,
              coordinatorEpoch: producer.coordinatorEpoch,
              currentTxnStartOffset: producer.currentTransactionStart,
            })),
          }
        },
      ),
    })),
  ),
}))
