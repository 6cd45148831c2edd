import {
  api,
  array,
  boolean,
  errorCode,
  errorMessage,
  int8,
  int16,
  int32,
  string,
  throttleTimeMs,
  uuid,
} from '../schema.ts'

/** CreateTopics: makes topics; since version 5 tells the configuration they got (KIP-525). */
export const CreateTopics = api(19, 'CreateTopics', {
  versions: [2, 7],
  flexible: 5,
  request: {
    topics: array({
      name: string,
      numPartitions: int32,
      replicationFactor: int16,
      assignments: array({
        partitionIndex: int32,
        brokerIds: array(int32),
      }),
      configs: array({
        name: string,
        value: string.nullable(),
      }),
    }),
    timeoutMs: int32.or(60_000),
    validateOnly: boolean.or(false),
  },
  response: {
    throttleTimeMs,
    topics: array({
      name: string,
      topicId: uuid.since(7).ignorable(),
      errorCode,
      errorMessage,
      topicConfigErrorCode: int16.since(5).tag(0).ignorable(),
      numPartitions: int32.since(5).or(-1).ignorable(),
      replicationFactor: int16.since(5).or(-1).ignorable(),
      configs: array({
        name: string,
        value: string.nullable(),
        readOnly: boolean,
        configSource: int8.or(-1),
        isSensitive: boolean,
      })
        .since(5)
        .nullable()
        .ignorable(),
    }),
  },
})
