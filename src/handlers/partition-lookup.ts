import type { Bounds, PartitionId } from '#log'
import type { Topic } from '#metadata'
import { kafkaError } from '#model'
import type { BrokerContext } from './kit.ts'

/** A partition that this broker leads, with what it reaches now. */
export interface LedPartition extends PartitionId {
  topic: Topic
  bounds: Bounds
}

/**
 * Finds a partition by its topic's name and checks the leader epoch that a client believes in (KIP-320;
 * -1 for none). Throws UNKNOWN_TOPIC_OR_PARTITION, FENCED_LEADER_EPOCH, UNKNOWN_LEADER_EPOCH, or what
 * took the partition offline.
 */
export const leadPartition = (
  { catalog, logs }: Pick<BrokerContext, 'catalog' | 'logs'>,
  topicName: string,
  partition: number,
  currentLeaderEpoch: number,
): LedPartition => {
  const topic = catalog.named(topicName)
  if (!topic) throw kafkaError('UNKNOWN_TOPIC_OR_PARTITION')
  const id = { topicId: topic.id, partition }
  const bounds = logs.bounds(id)
  if (!bounds) throw kafkaError('UNKNOWN_TOPIC_OR_PARTITION')
  if (bounds.offline) throw kafkaError(bounds.offline)
  if (currentLeaderEpoch >= 0) {
    if (currentLeaderEpoch < bounds.leaderEpoch) throw kafkaError('FENCED_LEADER_EPOCH')
    if (currentLeaderEpoch > bounds.leaderEpoch) throw kafkaError('UNKNOWN_LEADER_EPOCH')
  }
  return { ...id, topic, bounds }
}
