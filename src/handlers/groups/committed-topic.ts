import type { Topic } from '#metadata'
import { kafkaError, type Uuid } from '#model'
import type { BrokerContext } from '../kit.ts'

/** The version from which OffsetCommit and OffsetFetch name topics by their ids. */
export const topicIdsSince = 10

/** The topic that an OffsetCommit or OffsetFetch names; throws UNKNOWN_TOPIC_ID or UNKNOWN_TOPIC_OR_PARTITION. */
export const committedTopic = (
  { name, topicId }: { readonly name: string; readonly topicId: Uuid },
  { catalog }: Pick<BrokerContext, 'catalog'>,
  version: number,
): Topic => {
  const topic = version >= topicIdsSince ? catalog.identified(topicId) : catalog.named(name)
  if (topic) return topic
  throw kafkaError(version >= topicIdsSince ? 'UNKNOWN_TOPIC_ID' : 'UNKNOWN_TOPIC_OR_PARTITION')
}
