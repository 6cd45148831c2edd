import {
  api,
  array,
  errorCode,
  id64,
  int8,
  int32,
  int64,
  records,
  string,
  struct,
  throttleTimeMs,
  uuid,
} from '../schema.ts'

/**
 * Fetch: reads record batches, waiting for them if need be.
 *
 * Version 7 brings sessions (KIP-227), 9 leader epochs (KIP-320), 10 zstd, 11 the nearest replica
 * (KIP-392), 12 divergence between logs (KIP-595), 13 topic ids (KIP-516), 16 hints at the new
 * leader (KIP-951). What only replicas say is here as well: a client leaves it out.
 */
export const Fetch = api(1, 'Fetch', {
  versions: [4, 18],
  flexible: 12,
  request: {
    clusterId: string.since(12).tag(0).nullable().or(null).ignorable(),
    replicaId: int32.until(14).or(-1),
    replicaState: struct({
      replicaId: int32.or(-1),
      replicaEpoch: id64.or(-1n),
    })
      .since(15)
      .tag(1),
    maxWaitMs: int32,
    minBytes: int32,
    maxBytes: int32.or(0x7fff_ffff),
    isolationLevel: int8.or(0),
    sessionId: int32.since(7).or(0).ignorable(),
    sessionEpoch: int32.since(7).or(-1).ignorable(),
    topics: array({
      topic: string.until(12).ignorable(),
      topicId: uuid.since(13).ignorable(),
      partitions: array({
        partition: int32,
        currentLeaderEpoch: int32.since(9).or(-1).ignorable(),
        fetchOffset: int64,
        lastFetchedEpoch: int32.since(12).or(-1),
        logStartOffset: int64.since(5).or(-1).ignorable(),
        partitionMaxBytes: int32,
        replicaDirectoryId: uuid.since(17).tag(0).ignorable(),
        // What the follower knows; the largest number where it says nothing (KIP-1166).
        highWatermark: int64.since(18).tag(1).or(Number.MAX_SAFE_INTEGER).ignorable(),
      }),
    }),
    forgottenTopicsData: array({
      topic: string.until(12).ignorable(),
      topicId: uuid.since(13).ignorable(),
      partitions: array(int32),
    }).since(7),
    rackId: string.since(11).or('').ignorable(),
  },
  response: {
    throttleTimeMs,
    errorCode: errorCode.since(7).ignorable(),
    sessionId: int32.since(7).or(0),
    responses: array({
      topic: string.until(12).ignorable(),
      topicId: uuid.since(13).ignorable(),
      partitions: array({
        partitionIndex: int32,
        errorCode,
        highWatermark: int64,
        lastStableOffset: int64.or(-1),
        logStartOffset: int64.since(5).or(-1).ignorable(),
        divergingEpoch: struct({
          epoch: int32.or(-1),
          endOffset: int64.or(-1),
        })
          .since(12)
          .tag(0),
        currentLeader: struct({
          leaderId: int32.or(-1),
          leaderEpoch: int32.or(-1),
        })
          .since(12)
          .tag(1),
        snapshotId: struct({
          endOffset: int64.or(-1),
          epoch: int32.or(-1),
        })
          .since(12)
          .tag(2),
        abortedTransactions: array({
          // A number, unlike other producer ids: it is ours, and compared with those of batches.
          producerId: int64,
          firstOffset: int64,
        }).nullable(),
        preferredReadReplica: int32.since(11).or(-1),
        records: records.nullable(),
      }),
    }),
    nodeEndpoints: array({
      nodeId: int32,
      host: string,
      port: int32,
      rack: string.nullable().or(null),
    })
      .since(16)
      .tag(0),
  },
})
