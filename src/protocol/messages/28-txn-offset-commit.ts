import {
  api,
  array,
  errorCode,
  id64,
  int16,
  int32,
  int64,
  string,
  throttleTimeMs,
} from '../schema.ts'

/**
 * TxnOffsetCommit: stores how far a group has read, visible when the transaction commits (KIP-98).
 *
 * Version 3 names the member (KIP-447), 5 adds the group to the transaction itself (KIP-890).
 */
export const TxnOffsetCommit = api(28, 'TxnOffsetCommit', {
  versions: [0, 5],
  flexible: 3,
  request: {
    transactionalId: string,
    groupId: string,
    producerId: id64,
    producerEpoch: int16,
    generationId: int32.since(3).or(-1),
    memberId: string.since(3).or(''),
    groupInstanceId: string.since(3).nullable().or(null),
    topics: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
        committedOffset: int64,
        committedLeaderEpoch: int32.since(2).or(-1).ignorable(),
        committedMetadata: string.nullable(),
      }),
    }),
  },
  response: {
    throttleTimeMs,
    topics: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
        errorCode,
      }),
    }),
  },
})
