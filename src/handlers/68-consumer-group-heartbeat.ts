import type { Partitions } from '#coordinators'
import { ConsumerGroupHeartbeat } from '#protocol'
import { caller, newMemberId } from './groups/caller.ts'
import { handler } from './kit.ts'

/** Hears a member of a newer consumer group, and tells it what it may own from now on (KIP-848). */
export const consumerGroupHeartbeat = handler(
  ConsumerGroupHeartbeat,
  async (request, { groups, random }, call) => {
    const { memberId: toldId, instanceId } = request
    const reply = await groups.consumerHeartbeat({
      ...caller(call),
      // Heartbeats are many, and nearly all of them name their member.
      newMemberId: toldId === '' ? newMemberId(call, instanceId, random) : toldId,
      version: call.version,
      request,
    })
    const { memberId, memberEpoch, heartbeatIntervalMs, assignment } = reply
    return {
      errorCode: 0,
      errorMessage: null,
      memberId,
      memberEpoch,
      heartbeatIntervalMs,
      assignment: assignment && { topicPartitions: byTopic(assignment) },
    }
  },
)

const byTopic = (assignment: Partitions) =>
  Object.entries(assignment).map(([topicId, partitions]) => ({
    topicId,
    partitions: [...partitions],
  }))
