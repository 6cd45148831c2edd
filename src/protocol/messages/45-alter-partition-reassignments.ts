import {
  api,
  array,
  boolean,
  errorCode,
  errorMessage,
  int32,
  string,
  throttleTimeMs,
} from '../schema.ts'

/** AlterPartitionReassignments: moves partitions between brokers (KIP-455). */
export const AlterPartitionReassignments = api(45, 'AlterPartitionReassignments', {
  versions: [0, 1],
  flexible: 0,
  request: {
    timeoutMs: int32.or(60_000),
    allowReplicationFactorChange: boolean.since(1).or(true),
    topics: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
        replicas: array(int32).nullable().or(null),
      }),
    }),
  },
  response: {
    throttleTimeMs,
    allowReplicationFactorChange: boolean.since(1).or(true).ignorable(),
    errorCode,
    errorMessage,
    responses: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
        errorCode,
        errorMessage,
      }),
    }),
  },
})
