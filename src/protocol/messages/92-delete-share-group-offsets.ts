import { api, array, errorCode, errorMessage, string, throttleTimeMs, uuid } from '../schema.ts'

/** DeleteShareGroupOffsets: forgets where an empty share group stands in topics (KIP-932). */
export const DeleteShareGroupOffsets = api(92, 'DeleteShareGroupOffsets', {
  versions: [0, 0],
  flexible: 0,
  request: {
    groupId: string,
    topics: array({
      topicName: string,
    }),
  },
  response: {
    throttleTimeMs,
    errorCode,
    errorMessage,
    responses: array({
      topicName: string,
      topicId: uuid,
      errorCode,
      errorMessage,
    }),
  },
})
