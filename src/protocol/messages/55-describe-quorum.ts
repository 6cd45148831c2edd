import {
  api,
  array,
  errorCode,
  errorMessage,
  int32,
  int64,
  string,
  uint16,
  uuid,
} from '../schema.ts'

const replicaState = {
  replicaId: int32,
  replicaDirectoryId: uuid.since(2),
  logEndOffset: int64,
  lastFetchTimestamp: int64.since(1).or(-1).ignorable(),
  lastCaughtUpTimestamp: int64.since(1).or(-1).ignorable(),
}

/** DescribeQuorum: the voters and observers of the metadata quorum (KIP-836). */
export const DescribeQuorum = api(55, 'DescribeQuorum', {
  versions: [0, 2],
  flexible: 0,
  request: {
    topics: array({
      topicName: string,
      partitions: array({
        partitionIndex: int32,
      }),
    }),
  },
  response: {
    errorCode,
    errorMessage: errorMessage.since(2).ignorable(),
    topics: array({
      topicName: string,
      partitions: array({
        partitionIndex: int32,
        errorCode,
        errorMessage: errorMessage.since(2).ignorable(),
        leaderId: int32,
        leaderEpoch: int32,
        highWatermark: int64,
        currentVoters: array(replicaState),
        observers: array(replicaState),
      }),
    }),
    nodes: array({
      nodeId: int32,
      listeners: array({
        name: string,
        host: string,
        port: uint16,
      }),
    }).since(2),
  },
})
