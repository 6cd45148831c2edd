import { kafkaError } from '#model'
import { DeleteRecords } from '#protocol'
import { perItem } from '#server'
import { handler } from './kit.ts'
import { leadPartition } from './partition-lookup.ts'

/**
 * Moves log starts up, each for itself and durably (KIP-107); -1 stands for the high watermark. What a
 * compacted topic keeps is not its age's affair, so one that only compacts refuses.
 */
export const deleteRecords = handler(DeleteRecords, async (request, context) => ({
  topics: await Promise.all(
    request.topics.map(async ({ name, partitions }) => ({
      name,
      partitions: await perItem(
        partitions,
        ({ partitionIndex }) => ({ partitionIndex, lowWatermark: -1 }),
        async ({ partitionIndex, offset }) => {
          const led = leadPartition(context, name, partitionIndex, -1)
          if (!context.catalog.mayDeleteRecords(led.topic)) throw kafkaError('POLICY_VIOLATION')
          return { lowWatermark: await context.logs.deleteBefore(led, offset), errorCode: 0 }
        },
      ),
    })),
  ),
}))
