import {
  api,
  array,
  errorCode,
  id64,
  int16,
  int32,
  int64,
  string,
  throttleTimeMs,
} from '../schema.ts'

/** DescribeTransactions: state, producer and partitions of transactions (KIP-664). */
export const DescribeTransactions = api(65, 'DescribeTransactions', {
  versions: [0, 0],
  flexible: 0,
  request: {
    transactionalIds: array(string),
  },
  response: {
    throttleTimeMs,
    transactionStates: array({
      errorCode,
      transactionalId: string,
      transactionState: string,
      transactionTimeoutMs: int32,
      transactionStartTimeMs: int64,
      producerId: id64,
      producerEpoch: int16,
      topics: array({
        topic: string,
        partitions: array(int32),
      }),
    }),
  },
})
