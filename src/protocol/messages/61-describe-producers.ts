import {
  api,
  array,
  errorCode,
  errorMessage,
  id64,
  int32,
  int64,
  string,
  throttleTimeMs,
} from '../schema.ts'

/** DescribeProducers: the producers that a partition remembers (KIP-664). */
export const DescribeProducers = api(61, 'DescribeProducers', {
  versions: [0, 0],
  flexible: 0,
  request: {
    topics: array({
      name: string,
      partitionIndexes: array(int32),
    }),
  },
  response: {
    throttleTimeMs,
    topics: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
        errorCode,
        errorMessage,
        activeProducers: array({
          producerId: id64,
          producerEpoch: int32,
          lastSequence: int32.or(-1),
          lastTimestamp: int64.or(-1),
          coordinatorEpoch: int32,
          currentTxnStartOffset: int64.or(-1),
        }),
      }),
    }),
  },
})
