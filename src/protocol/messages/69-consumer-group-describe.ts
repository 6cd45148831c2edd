import {
  api,
  array,
  boolean,
  errorCode,
  errorMessage,
  int8,
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

/** ConsumerGroupDescribe: state, members and assignments of newer consumer groups (KIP-848). */
export const ConsumerGroupDescribe = api(69, 'ConsumerGroupDescribe', {
  versions: [0, 1],
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
        instanceId: string.nullable().or(null),
        rackId: string.nullable().or(null),
        memberEpoch: int32,
        clientId: string,
        clientHost: string,
        subscribedTopicNames: array(string),
        subscribedTopicRegex: string.nullable().or(null),
        assignment: struct(assignment),
        targetAssignment: struct(assignment),
        memberType: int8.since(1).or(-1).ignorable(),
      }),
      authorizedOperations: int32.or(-0x8000_0000),
    }),
  },
})
