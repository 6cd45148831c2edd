import { api, array, errorCode, int32, int64, string, throttleTimeMs, uuid } from '../schema.ts'

/**
 * OffsetCommit: stores how far a group has read.
 *
 * Version 5 drops the retention time (KIP-211), 7 brings static members (KIP-345), 9 the members
 * of the newer groups (KIP-848), 10 topic ids.
 */
export const OffsetCommit = api(8, 'OffsetCommit', {
  versions: [2, 10],
  flexible: 8,
  request: {
    groupId: string,
    generationIdOrMemberEpoch: int32.or(-1),
    memberId: string,
    groupInstanceId: string.since(7).nullable().or(null),
    retentionTimeMs: int64.until(4).or(-1).ignorable(),
    topics: array({
      name: string.until(9).ignorable(),
      topicId: uuid.since(10).ignorable(),
      partitions: array({
        partitionIndex: int32,
        committedOffset: int64,
        committedLeaderEpoch: int32.since(6).or(-1).ignorable(),
        committedMetadata: string.nullable(),
      }),
    }),
  },
  response: {
    throttleTimeMs: throttleTimeMs.since(3).ignorable(),
    topics: array({
      name: string.until(9).ignorable(),
      topicId: uuid.since(10).ignorable(),
      partitions: array({
        partitionIndex: int32,
        errorCode,
      }),
    }),
  },
})
