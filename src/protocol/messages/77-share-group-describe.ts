import {
  api,
  array,
  boolean,
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
  topicName: string,
  partitions: array(int32),
}

const assignment = {
  topicPartitions: array(topicPartitions),
}

/** ShareGroupDescribe: state, members and assignments of share groups (KIP-932). */
export const ShareGroupDescribe = api(77, 'ShareGroupDescribe', {
  versions: [1, 1],
  flexible: 0,
  request: {
    groupIds: array(string),
    includeAuthorizedOperations: boolean,
  },
  response: {
    throttleTimeMs,
    groups: array({
      errorCode,
      errorMessage,
      groupId: string,
      groupState: string,
      groupEpoch: int32,
      assignmentEpoch: int32,
      assignorName: string,
      members: array({
        memberId: string,
        rackId: string.nullable().or(null),
        memberEpoch: int32,
        clientId: string,
        clientHost: string,
        subscribedTopicNames: array(string),
        assignment: struct(assignment),
      }),
      authorizedOperations: int32.or(-0x8000_0000),
    }),
  },
})
