import { api, array, errorCode, int8, int32, int64, string, throttleTimeMs } from '../schema.ts'

/**
 * ListOffsets: the offset that stands at a given time, or at either end of a partition.
 *
 * The special times: -1 the end, -2 the start, -3 the newest record (version 7, KIP-734), -4 the
 * start of what is local (8, KIP-405), -5 the end of what is tiered (9, KIP-1005), -6 the first
 * not yet tiered (11, KIP-1023).
 */
export const ListOffsets = api(2, 'ListOffsets', {
  versions: [1, 11],
  flexible: 6,
  request: {
    replicaId: int32,
    isolationLevel: int8.since(2),
    topics: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
        currentLeaderEpoch: int32.since(4).or(-1).ignorable(),
        timestamp: int64,
      }),
    }),
    timeoutMs: int32.since(10).ignorable(),
  },
  response: {
    throttleTimeMs: throttleTimeMs.since(2).ignorable(),
    topics: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
        errorCode,
        timestamp: int64.or(-1),
        offset: int64.or(-1),
        leaderEpoch: int32.since(4).or(-1),
      }),
    }),
  },
})
