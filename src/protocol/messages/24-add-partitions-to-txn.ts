import {
  api,
  array,
  boolean,
  errorCode,
  id64,
  int16,
  int32,
  string,
  throttleTimeMs,
} from '../schema.ts'

const addPartitionsToTxnTopic = {
  name: string,
  partitions: array(int32),
}

const addPartitionsToTxnPartitionResult = {
  partitionIndex: int32,
  partitionErrorCode: int16,
}

const addPartitionsToTxnTopicResult = {
  name: string,
  resultsByPartition: array(addPartitionsToTxnPartitionResult),
}

/**
 * AddPartitionsToTxn: tells a transaction which partitions it will write to (KIP-98).
 *
 * From version 4 on it is spoken between brokers, for many transactions at once (KIP-890).
 */
export const AddPartitionsToTxn = api(24, 'AddPartitionsToTxn', {
  versions: [0, 5],
  flexible: 3,
  request: {
    transactions: array({
      transactionalId: string,
      producerId: id64,
      producerEpoch: int16,
      verifyOnly: boolean.or(false),
      topics: array(addPartitionsToTxnTopic),
    }).since(4),
    v3AndBelowTransactionalId: string.until(3),
    v3AndBelowProducerId: id64.until(3),
    v3AndBelowProducerEpoch: int16.until(3),
    v3AndBelowTopics: array(addPartitionsToTxnTopic).until(3),
  },
  response: {
    throttleTimeMs,
    errorCode: errorCode.since(4).ignorable(),
    resultsByTransaction: array({
      transactionalId: string,
      topicResults: array(addPartitionsToTxnTopicResult),
    }).since(4),
    resultsByTopicV3AndBelow: array(addPartitionsToTxnTopicResult).until(3),
  },
})
