import { api, array, errorCode, int32, int64, string, throttleTimeMs } from '../schema.ts'

/**
 * OffsetForLeaderEpoch: where a leader epoch ends in the log, so that truncation is noticed
 * (KIP-320).
 */
export const OffsetForLeaderEpoch = api(23, 'OffsetForLeaderEpoch', {
  versions: [2, 4],
  flexible: 4,
  request: {
    replicaId: int32.since(3).or(-2).ignorable(),
    topics: array({
      topic: string,
      partitions: array({
        partition: int32,
        currentLeaderEpoch: int32.or(-1),
        leaderEpoch: int32,
      }),
    }),
  },
  response: {
    throttleTimeMs,
    topics: array({
      topic: string,
      partitions: array({
        errorCode,
        partition: int32,
        leaderEpoch: int32.or(-1),
        endOffset: int64.or(-1),
      }),
    }),
  },
})
