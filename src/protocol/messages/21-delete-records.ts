import { api, array, errorCode, int32, int64, string, throttleTimeMs } from '../schema.ts'

/** DeleteRecords: moves the start of partitions up; -1 stands for the end (KIP-107). */
export const DeleteRecords = api(21, 'DeleteRecords', {
  versions: [0, 2],
  flexible: 2,
  request: {
    topics: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
        offset: int64,
      }),
    }),
    timeoutMs: int32,
  },
  response: {
    throttleTimeMs,
    topics: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
        lowWatermark: int64,
        errorCode,
      }),
    }),
  },
})
