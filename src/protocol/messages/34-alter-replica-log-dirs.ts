import { api, array, errorCode, int32, string, throttleTimeMs } from '../schema.ts'

/** AlterReplicaLogDirs: moves replicas to another folder of their broker (KIP-113). */
export const AlterReplicaLogDirs = api(34, 'AlterReplicaLogDirs', {
  versions: [1, 2],
  flexible: 2,
  request: {
    dirs: array({
      path: string,
      topics: array({
        name: string,
        partitions: array(int32),
      }),
    }),
  },
  response: {
    throttleTimeMs,
    results: array({
      topicName: string,
      partitions: array({
        partitionIndex: int32,
        errorCode,
      }),
    }),
  },
})
