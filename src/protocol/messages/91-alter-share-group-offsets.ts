import {
  api,
  array,
  errorCode,
  errorMessage,
  int32,
  int64,
  string,
  throttleTimeMs,
  uuid,
} from '../schema.ts'

/** AlterShareGroupOffsets: moves where an empty share group stands (KIP-932). */
export const AlterShareGroupOffsets = api(91, 'AlterShareGroupOffsets', {
  versions: [0, 0],
  flexible: 0,
  request: {
    groupId: string,
    topics: array({
      topicName: string,
      partitions: array({
        partitionIndex: int32,
        startOffset: int64,
      }),
    }),
  },
  response: {
    throttleTimeMs,
    errorCode,
    errorMessage,
    responses: array({
      topicName: string,
      topicId: uuid,
      partitions: array({
        partitionIndex: int32,
        errorCode,
        errorMessage,
      }),
    }),
  },
})
