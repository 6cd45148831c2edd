import { api, array, errorCode, int32, string, throttleTimeMs } from '../schema.ts'

/**
 * OffsetDelete: forgets how far a group has read some partitions (KIP-496). It never becomes
 * flexible.
 */
export const OffsetDelete = api(47, 'OffsetDelete', {
  versions: [0, 0],
  flexible: 'never',
  request: {
    groupId: string,
    topics: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
      }),
    }),
  },
  response: {
    errorCode,
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
