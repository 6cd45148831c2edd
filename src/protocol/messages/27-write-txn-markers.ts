import { api, array, boolean, errorCode, id64, int8, int16, int32, string } from '../schema.ts'

/**
 * WriteTxnMarkers: ends transactions in their partitions; between brokers, and for administrators
 * (KIP-664).
 */
export const WriteTxnMarkers = api(27, 'WriteTxnMarkers', {
  versions: [1, 2],
  flexible: 1,
  request: {
    markers: array({
      producerId: id64,
      producerEpoch: int16,
      transactionResult: boolean,
      topics: array({
        name: string,
        partitionIndexes: array(int32),
      }),
      coordinatorEpoch: int32,
      transactionVersion: int8.since(2).or(0).ignorable(),
    }),
  },
  response: {
    markers: array({
      producerId: id64,
      topics: array({
        name: string,
        partitions: array({
          partitionIndex: int32,
          errorCode,
        }),
      }),
    }),
  },
})
