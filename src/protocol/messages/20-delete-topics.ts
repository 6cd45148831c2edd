import {
  api,
  array,
  errorCode,
  errorMessage,
  int32,
  string,
  throttleTimeMs,
  uuid,
} from '../schema.ts'

/** DeleteTopics: removes topics by name or, since version 6, by id (KIP-516). */
export const DeleteTopics = api(20, 'DeleteTopics', {
  versions: [1, 6],
  flexible: 4,
  request: {
    topics: array({
      name: string.nullable().or(null),
      topicId: uuid,
    }).since(6),
    topicNames: array(string).until(5).ignorable(),
    timeoutMs: int32,
  },
  response: {
    throttleTimeMs,
    responses: array({
      name: string.nullable(6),
      topicId: uuid.since(6).ignorable(),
      errorCode,
      errorMessage: errorMessage.since(5).ignorable(),
    }),
  },
})
