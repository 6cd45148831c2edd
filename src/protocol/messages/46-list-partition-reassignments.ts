import { api, array, errorCode, errorMessage, int32, string, throttleTimeMs } from '../schema.ts'

/** ListPartitionReassignments: the moves under way (KIP-455). */
export const ListPartitionReassignments = api(46, 'ListPartitionReassignments', {
  versions: [0, 0],
  flexible: 0,
  request: {
    timeoutMs: int32.or(60_000),
    topics: array({
      name: string,
      partitionIndexes: array(int32),
    })
      .nullable()
      .or(null),
  },
  response: {
    throttleTimeMs,
    errorCode,
    errorMessage,
    topics: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
        replicas: array(int32),
        addingReplicas: array(int32),
        removingReplicas: array(int32),
      }),
    }),
  },
})
