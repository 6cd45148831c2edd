import {
  api,
  array,
  errorCode,
  errorMessage,
  int8,
  int32,
  string,
  throttleTimeMs,
} from '../schema.ts'

/** ElectLeaders: makes partitions elect a leader (KIP-183, KIP-460). */
export const ElectLeaders = api(43, 'ElectLeaders', {
  versions: [0, 2],
  flexible: 2,
  request: {
    electionType: int8.since(1),
    topicPartitions: array({
      topic: string,
      partitions: array(int32),
    }).nullable(),
    timeoutMs: int32.or(60_000),
  },
  response: {
    throttleTimeMs,
    errorCode: errorCode.since(1),
    replicaElectionResults: array({
      topic: string,
      partitionResult: array({
        partitionId: int32,
        errorCode,
        errorMessage,
      }),
    }),
  },
})
