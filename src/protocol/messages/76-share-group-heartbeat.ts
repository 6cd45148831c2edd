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

/** ShareGroupHeartbeat: all that a member of a share group says and hears (KIP-932). */
export const ShareGroupHeartbeat = api(76, 'ShareGroupHeartbeat', {
  versions: [1, 1],
  flexible: 0,
  request: {
    groupId: string,
    memberId: string,
    memberEpoch: int32,
    rackId: string.nullable().or(null),
    subscribedTopicNames: array(string).nullable().or(null),
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
