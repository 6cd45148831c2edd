import {
  api,
  array,
  errorCode,
  errorMessage,
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
 * Produce: appends record batches to partitions.
 *
 * Kafka 4 reads versions 3 to 13 but offers 0 to 13, since librdkafka asks for 0 (KAFKA-18659).
 * Version 7 lets zstd in, 8 names the records at fault (KIP-467), 10 hints at the new leader
 * (KIP-951), 12 adds a partition to its transaction (KIP-890), 13 names topics by id (KIP-516).
 */
export const Produce = api(0, 'Produce', {
  versions: [3, 13],
  flexible: 9,
  request: {
    // Null when the producer is not transactional.
    transactionalId: string.nullable().or(null),
    // 0: none, 1: the leader, -1: all in-sync replicas.
    acks: int16,
    timeoutMs: int32,
    topicData: array({
      name: string.until(12).ignorable(),
      topicId: uuid.since(13).ignorable(),
      partitionData: array({
        index: int32,
        records: records.nullable(),
      }),
    }),
  },
  response: {
    responses: array({
      name: string.until(12).ignorable(),
      topicId: uuid.since(13).ignorable(),
      partitionResponses: array({
        index: int32,
        errorCode,
        baseOffset: int64,
        logAppendTimeMs: int64.or(-1),
        logStartOffset: int64.since(5).or(-1).ignorable(),
        recordErrors: array({
          batchIndex: int32,
          batchIndexErrorMessage: string.nullable().or(null),
        })
          .since(8)
          .ignorable(),
        errorMessage: errorMessage.since(8).ignorable(),
        currentLeader: struct({
          leaderId: int32.or(-1),
          leaderEpoch: int32.or(-1),
        })
          .since(10)
          .tag(0),
      }),
    }),
    throttleTimeMs,
    nodeEndpoints: array({
      nodeId: int32,
      host: string,
      port: int32,
      rack: string.nullable().or(null),
    })
      .since(10)
      .tag(0),
  },
})
