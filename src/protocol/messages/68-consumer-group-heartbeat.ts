import {
  api,
  array,
  errorCode,
  errorMessage,
  int32,
  string,
  struct,
  throttleTimeMs,
  uuid,
} from '../schema.ts'

const topicPartitions = {
  topicId: uuid,
  partitions: array(int32),
}

/**
 * ConsumerGroupHeartbeat: all that a member of a newer consumer group says and hears (KIP-848).
 *
 * A member sends a field only when it has changed: null, or -1, says that it has not. Version 1
 * brings the pattern of topics and has the member make up its own id.
 */
export const ConsumerGroupHeartbeat = api(68, 'ConsumerGroupHeartbeat', {
  versions: [0, 1],
  flexible: 0,
  request: {
    groupId: string,
    memberId: string,
    memberEpoch: int32,
    instanceId: string.nullable().or(null),
    rackId: string.nullable().or(null),
    rebalanceTimeoutMs: int32.or(-1),
    subscribedTopicNames: array(string).nullable().or(null),
    subscribedTopicRegex: string.since(1).nullable().or(null),
    serverAssignor: string.nullable().or(null),
    topicPartitions: array({
      topicId: uuid,
      partitions: array(int32),
    })
      .nullable()
      .or(null),
  },
  response: {
    throttleTimeMs,
    errorCode,
    errorMessage,
    memberId: string.nullable().or(null),
    memberEpoch: int32,
    heartbeatIntervalMs: int32,
    assignment: struct({
      topicPartitions: array(topicPartitions),
    })
      .nullable()
      .or(null),
  },
})
