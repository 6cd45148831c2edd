import { api, array, boolean, errorCode, int32, string, throttleTimeMs, uuid } from '../schema.ts'

/**
 * Metadata: the brokers, and the topics with their partitions and leaders.
 *
 * A null list asks for all topics; in version 0 an empty one does. Version 4 asks whether to
 * create what is missing, 8 for the operations the client may do (KIP-430), 10 brings topic ids
 * and 12 asks by them (KIP-516), 13 has an error for the whole answer (KIP-1102).
 */
export const Metadata = api(3, 'Metadata', {
  versions: [0, 13],
  flexible: 9,
  request: {
    topics: array({
      topicId: uuid.since(10).ignorable(),
      name: string.nullable(10),
    }).nullable(1),
    allowAutoTopicCreation: boolean.since(4).or(true),
    includeClusterAuthorizedOperations: boolean.since(8).until(10),
    includeTopicAuthorizedOperations: boolean.since(8),
  },
  response: {
    throttleTimeMs: throttleTimeMs.since(3).ignorable(),
    brokers: array({
      nodeId: int32,
      host: string,
      port: int32,
      rack: string.since(1).nullable().or(null).ignorable(),
    }),
    clusterId: string.since(2).nullable().or(null).ignorable(),
    controllerId: int32.since(1).or(-1).ignorable(),
    topics: array({
      errorCode,
      name: string.nullable(12),
      topicId: uuid.since(10).ignorable(),
      isInternal: boolean.since(1).or(false).ignorable(),
      partitions: array({
        errorCode,
        partitionIndex: int32,
        leaderId: int32,
        leaderEpoch: int32.since(7).or(-1).ignorable(),
        replicaNodes: array(int32),
        isrNodes: array(int32),
        offlineReplicas: array(int32).since(5).ignorable(),
      }),
      // A bit per operation code; the lowest number says that nobody asked.
      topicAuthorizedOperations: int32.since(8).or(-0x8000_0000),
    }),
    clusterAuthorizedOperations: int32.since(8).until(10).or(-0x8000_0000),
    errorCode: errorCode.since(13).ignorable(),
  },
})
