import {
  api,
  array,
  boolean,
  errorCode,
  errorMessage,
  int8,
  int16,
  int32,
  int64,
  records,
  string,
  struct,
  throttleTimeMs,
  uuid,
} from '../schema.ts'

/**
 * ShareFetch: acquires records for a member of a share group, and acknowledges earlier ones
 * (KIP-932).
 *
 * Version 2 bounds the records strictly (KIP-1206) and can renew a lock (KIP-1222).
 */
export const ShareFetch = api(78, 'ShareFetch', {
  versions: [1, 2],
  flexible: 0,
  request: {
    groupId: string.nullable().or(null),
    memberId: string.nullable(),
    shareSessionEpoch: int32,
    maxWaitMs: int32,
    minBytes: int32,
    maxBytes: int32.or(0x7fff_ffff),
    maxRecords: int32,
    batchSize: int32,
    shareAcquireMode: int8.since(2).or(0).ignorable(),
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
    forgottenTopicsData: array({
      topicId: uuid,
      partitions: array(int32),
    }),
  },
  response: {
    throttleTimeMs,
    errorCode,
    errorMessage,
    acquisitionLockTimeoutMs: int32,
    responses: array({
      topicId: uuid,
      partitions: array({
        partitionIndex: int32,
        errorCode,
        errorMessage,
        acknowledgeErrorCode: int16,
        acknowledgeErrorMessage: string.nullable().or(null),
        currentLeader: struct({
          leaderId: int32,
          leaderEpoch: int32,
        }),
        records,
        acquiredRecords: array({
          firstOffset: int64,
          lastOffset: int64,
          deliveryCount: int16,
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
