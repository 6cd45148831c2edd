import { codeOf } from '#model'
import { OffsetDelete } from '#protocol'
import { handler } from './kit.ts'

/** Forgets how far a group has read partitions, unless its members still read their topics (KIP-496). */
export const offsetDelete = handler(OffsetDelete, async (request, { groups, catalog }) => {
  const asked = request.topics.flatMap(({ name, partitions }) => {
    const topic = catalog.named(name)
    return partitions.flatMap(({ partitionIndex }) =>
      topic && partitionIndex >= 0 && partitionIndex < topic.partitionCount
        ? [{ topic: name, topicId: topic.id, partition: partitionIndex }]
        : [],
    )
  })
  const kept = await groups.deleteOffsets(request.groupId, asked)
  const codes = new Map(
    asked.map((named) => [
      `${named.partition}/${named.topic}`,
      kept.has(named) ? codeOf('GROUP_SUBSCRIBED_TO_TOPIC') : 0,
    ]),
  )
  return {
    errorCode: 0,
    topics: request.topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partitionIndex }) => ({
        partitionIndex,
        errorCode: codes.get(`${partitionIndex}/${name}`) ?? codeOf('UNKNOWN_TOPIC_OR_PARTITION'),
      })),
    })),
  }
})
