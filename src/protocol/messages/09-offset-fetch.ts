import {
  api,
  array,
  boolean,
  errorCode,
  int32,
  int64,
  string,
  throttleTimeMs,
  uuid,
} from '../schema.ts'

/**
 * OffsetFetch: how far a group has read.
 *
 * Version 2 can ask for all partitions by a null list, 7 for stable offsets only (KIP-447), 8 for
 * several groups at once (KIP-709); 9 names the member (KIP-848), 10 brings topic ids.
 */
export const OffsetFetch = api(9, 'OffsetFetch', {
  versions: [1, 10],
  flexible: 6,
  request: {
    groupId: string.until(7),
    topics: array({
      name: string,
      partitionIndexes: array(int32),
    })
      .until(7)
      .nullable(2),
    groups: array({
      groupId: string,
      memberId: string.since(9).nullable().or(null).ignorable(),
      memberEpoch: int32.since(9).or(-1).ignorable(),
      topics: array({
        name: string.until(9).ignorable(),
        topicId: uuid.since(10).ignorable(),
        partitionIndexes: array(int32),
      }).nullable(),
    }).since(8),
    requireStable: boolean.since(7).or(false),
  },
  response: {
    throttleTimeMs: throttleTimeMs.since(3).ignorable(),
    topics: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
        committedOffset: int64,
        committedLeaderEpoch: int32.since(5).or(-1).ignorable(),
        metadata: string.nullable(),
        errorCode,
      }),
    }).until(7),
    errorCode: errorCode.since(2).until(7).ignorable(),
    groups: array({
      groupId: string,
      topics: array({
        name: string.until(9).ignorable(),
        topicId: uuid.since(10).ignorable(),
        partitions: array({
          partitionIndex: int32,
          committedOffset: int64,
          committedLeaderEpoch: int32.or(-1),
          metadata: string.nullable(),
          errorCode,
        }),
      }),
      errorCode,
    }).since(8),
  },
})
