import type { CommittedOffset } from '#coordinators'
import { type ErrorName, KafkaError, kafkaError } from '#model'
import { OffsetCommit, type RequestOf } from '#protocol'
import { answerOf } from '#server'
import { checkedOffset } from './groups/checked-offset.ts'
import { committedTopic } from './groups/committed-topic.ts'
import { handler } from './kit.ts'

type Request = RequestOf<typeof OffsetCommit>
type Partition = Request['topics'][number]['partitions'][number]

/** Stores how far a group has read; what one partition is refused for does not keep the others. */
export const offsetCommit = handler(
  OffsetCommit,
  async (request, context, { version }) => {
    const { groups, clock } = context
    const nowMs = Math.floor(clock.nowMs())
    const expiresAtMs =
      request.retentionTimeMs < 0 ? null : Math.min(nowMs + request.retentionTimeMs, timeMax)
    const accepted: CommittedOffset[] = []
    const refused = new Map<Partition, ErrorName>()
    for (const topic of request.topics)
      for (const partition of topic.partitions)
        try {
          const { id, partitionCount } = committedTopic(topic, context, version)
          const { partitionIndex } = partition
          if (partitionIndex < 0 || partitionIndex >= partitionCount)
            throw kafkaError('UNKNOWN_TOPIC_OR_PARTITION')
          const at = { committedAtMs: nowMs, expiresAtMs }
          accepted.push({ topicId: id, ...at, ...checkedOffset(partition, context) })
        } catch (error) {
          if (!(error instanceof KafkaError)) throw error
          refused.set(partition, error.errorName)
        }
    const { groupId, memberId } = request
    const committer = {
      memberId,
      instanceId: request.groupInstanceId,
      generationId: request.generationIdOrMemberEpoch,
      transactional: false,
      version,
    }
    const committed = accepted.length > 0 ? groups.commit(groupId, committer, accepted) : undefined
    const errorCode = (await committed?.then(() => 0).catch(errorCodeOf)) ?? 0
    return {
      topics: request.topics.map(({ name, topicId, partitions }) => ({
        name,
        topicId,
        partitions: partitions.map((partition) => {
          const { partitionIndex } = partition
          const reason = refused.get(partition)
          return { partitionIndex, errorCode: reason ? kafkaError(reason).code : errorCode }
        }),
      })),
    }
  },
  // Commits of one connection share a round; what they decide is in the order of their coming.
  { twoStage: true },
)

/** Beyond this a sum would not be exact, and nobody is there to see it. */
const timeMax = Number.MAX_SAFE_INTEGER

const errorCodeOf = (error: unknown): number => answerOf(error).errorCode
