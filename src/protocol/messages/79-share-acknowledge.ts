import {
  api,
  array,
  boolean,
  errorCode,
  errorMessage,
  int8,
  int32,
  int64,
  string,
  struct,
  throttleTimeMs,
  uuid,
} from '../schema.ts'

/**
 * ShareAcknowledge: says what became of acquired records (KIP-932).
 *
 * Per record 0 is a gap, 1 accept, 2 release, 3 reject and, since version 2, 4 renew (KIP-1222).
 */
export const ShareAcknowledge = api(79, 'ShareAcknowledge', {
  versions: [1, 2],
  flexible: 0,
  request: {
    groupId: string.nullable().or(null),
    memberId: string.nullable(),
    shareSessionEpoch: int32,
    isRenewAck: boolean.since(2).or(false),
    topics: array({
      topicId: uuid,
      partitions: array({
        partitionIndex: int32,
        acknowledgementBatches: array({
          firstOffset: int64,
          lastOffset: int64,
          acknowledgeTypes: array(int8),
        }),
      }),
    }),
  },
  response: {
    throttleTimeMs,
    errorCode,
    errorMessage,
    acquisitionLockTimeoutMs: int32.since(2).ignorable(),
    responses: array({
      topicId: uuid,
      partitions: array({
        partitionIndex: int32,
        errorCode,
        errorMessage,
        currentLeader: struct({
          leaderId: int32,
          leaderEpoch: int32,
        }),
      }),
    }),
    nodeEndpoints: array({
      nodeId: int32,
      host: string,
      port: int32,
      rack: string.nullable().or(null),
    }),
  },
})
