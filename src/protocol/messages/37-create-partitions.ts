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

/** CreatePartitions: adds partitions to topics (KIP-195). */
export const CreatePartitions = api(37, 'CreatePartitions', {
  versions: [0, 3],
  flexible: 2,
  request: {
    topics: array({
      name: string,
      count: int32,
      assignments: array({
        brokerIds: array(int32),
      }).nullable(),
    }),
    timeoutMs: int32,
    validateOnly: boolean,
  },
  response: {
    throttleTimeMs,
    results: array({
      name: string,
      errorCode,
      errorMessage,
    }),
  },
})
