import {
  api,
  array,
  boolean,
  errorCode,
  int32,
  string,
  struct,
  throttleTimeMs,
  uuid,
} from '../schema.ts'

/** DescribeTopicPartitions: topics and their partitions, page by page (KIP-966). */
export const DescribeTopicPartitions = api(75, 'DescribeTopicPartitions', {
  versions: [0, 0],
  flexible: 0,
  request: {
    topics: array({
      name: string,
    }),
    responsePartitionLimit: int32.or(2000),
    cursor: struct({
      topicName: string,
      partitionIndex: int32,
    })
      .nullable()
      .or(null),
  },
  response: {
    throttleTimeMs,
    topics: array({
      errorCode,
      name: string.nullable(),
      topicId: uuid,
      isInternal: boolean.or(false),
      partitions: array({
        errorCode,
        partitionIndex: int32,
        leaderId: int32,
        leaderEpoch: int32.or(-1),
        replicaNodes: array(int32),
        isrNodes: array(int32),
        eligibleLeaderReplicas: array(int32).nullable().or(null),
        lastKnownElr: array(int32).nullable().or(null),
        offlineReplicas: array(int32),
      }),
      topicAuthorizedOperations: int32.or(-0x8000_0000),
    }),
    nextCursor: struct({
      topicName: string,
      partitionIndex: int32,
    })
      .nullable()
      .or(null),
  },
})
