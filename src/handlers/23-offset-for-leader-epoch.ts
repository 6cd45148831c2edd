import { OffsetForLeaderEpoch } from '#protocol'
import { perItem } from '#server'
import { handler } from './kit.ts'
import { leadPartition } from './partition-lookup.ts'

/** Where an epoch ended, so that a consumer sees whether what it read still stands (KIP-320). */
export const offsetForLeaderEpoch = handler(OffsetForLeaderEpoch, async (request, context) => ({
  topics: await Promise.all(
    request.topics.map(async ({ topic, partitions }) => ({
      topic,
      partitions: await perItem(
        partitions,
        ({ partition }) => ({ partition }),
        ({ partition, currentLeaderEpoch, leaderEpoch }) => {
          const led = leadPartition(context, topic, partition, currentLeaderEpoch)
          return context.logs.epochEnd(led, leaderEpoch)
        },
      ),
    })),
  ),
}))
