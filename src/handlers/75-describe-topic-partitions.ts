import type { Topic } from '#metadata'
import { codeOf, zeroUuid } from '#model'
import { DescribeTopicPartitions, type RequestOf, type ResponseInput } from '#protocol'
import { topicOperations } from './authorized-operations.ts'
import { type BrokerContext, handler } from './kit.ts'
import { replicas } from './replicas.ts'

type Request = RequestOf<typeof DescribeTopicPartitions>
type Response = ResponseInput<typeof DescribeTopicPartitions>
type TopicAnswer = Response['topics'][number]

/**
 * Pages through topics in the order of their names (KIP-966): so many partitions an answer, and a
 * cursor that says where the next one goes on.
 */
export const describeTopicPartitions = handler(
  DescribeTopicPartitions,
  (request, context): Response => {
    const { cursor } = request
    if (cursor && cursor.partitionIndex < 0)
      return {
        topics: request.topics.map(({ name }) => refused(name, 'INVALID_REQUEST')),
        nextCursor: null,
      }
    const limitMax = context.settings['max.request.partition.size.limit']
    let room = Math.min(Math.max(request.responsePartitionLimit, 1), limitMax)
    const topics: TopicAnswer[] = []
    for (const name of namesFrom(request, context)) {
      const topic = context.catalog.named(name)
      if (!topic) {
        topics.push(refused(name, 'UNKNOWN_TOPIC_OR_PARTITION'))
        continue
      }
      const first = cursor?.topicName === name ? cursor.partitionIndex : 0
      if (room === 0) return { topics, nextCursor: { topicName: name, partitionIndex: first } }
      const end = Math.min(topic.partitionCount, first + room)
      topics.push(described(topic, first, end, context))
      room -= Math.max(0, end - first)
      if (end < topic.partitionCount)
        return { topics, nextCursor: { topicName: name, partitionIndex: end } }
    }
    return { topics, nextCursor: null }
  },
)

/** No names means all topics; those before the cursor were in an earlier answer. */
const namesFrom = ({ topics, cursor }: Request, { catalog }: BrokerContext): string[] => {
  const asked = topics.length > 0 ? topics : [...catalog.all()]
  const names = [...new Set(asked.map(({ name }) => name))].sort()
  return cursor ? names.filter((name) => name >= cursor.topicName) : names
}

/** The eligible leaders (KIP-966) are lists, never null: Java's admin client trips over null. */
const described = (
  topic: Topic,
  first: number,
  end: number,
  context: BrokerContext,
): TopicAnswer => ({
  errorCode: 0,
  name: topic.name,
  topicId: topic.id,
  partitions: Array.from({ length: Math.max(0, end - first) }, (_, index) => ({
    partitionIndex: first + index,
    eligibleLeaderReplicas: [],
    lastKnownElr: [],
    ...replicas(topic, first + index, context),
  })),
  topicAuthorizedOperations: topicOperations(true),
})

const refused = (
  name: string,
  error: 'INVALID_REQUEST' | 'UNKNOWN_TOPIC_OR_PARTITION',
): TopicAnswer => ({ errorCode: codeOf(error), name, topicId: zeroUuid, partitions: [] })
