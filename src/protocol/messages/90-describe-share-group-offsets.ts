import {
  api,
  array,
  errorCode,
  errorMessage,
  int32,
  int64,
  string,
  throttleTimeMs,
  uuid,
} from '../schema.ts'

/** DescribeShareGroupOffsets: where share groups stand in partitions (KIP-932). */
export const DescribeShareGroupOffsets = api(90, 'DescribeShareGroupOffsets', {
  versions: [0, 1],
  flexible: 0,
  request: {
    groups: array({
      groupId: string,
      topics: array({
        topicName: string,
        partitions: array(int32),
      }).nullable(),
    }),
  },
  response: {
    throttleTimeMs,
    groups: array({
      groupId: string,
      topics: array({
        topicName: string,
        topicId: uuid,
        partitions: array({
          partitionIndex: int32,
          startOffset: int64,
          leaderEpoch: int32,
          lag: int64.since(1).or(-1).ignorable(),
          errorCode,
          errorMessage,
        }),
      }),
      errorCode,
      errorMessage,
    }),
  },
})
