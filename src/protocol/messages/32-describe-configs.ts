import {
  api,
  array,
  boolean,
  errorCode,
  errorMessage,
  int8,
  string,
  throttleTimeMs,
} from '../schema.ts'

/**
 * DescribeConfigs: settings of brokers, topics and groups, with where each comes from (KIP-133,
 * KIP-569).
 */
export const DescribeConfigs = api(32, 'DescribeConfigs', {
  versions: [1, 4],
  flexible: 4,
  request: {
    resources: array({
      resourceType: int8,
      resourceName: string,
      configurationKeys: array(string).nullable(),
    }),
    includeSynonyms: boolean.or(false),
    includeDocumentation: boolean.since(3).or(false),
  },
  response: {
    throttleTimeMs,
    results: array({
      errorCode,
      errorMessage,
      resourceType: int8,
      resourceName: string,
      configs: array({
        name: string,
        value: string.nullable(),
        readOnly: boolean,
        configSource: int8.or(-1),
        isSensitive: boolean,
        synonyms: array({
          name: string,
          value: string.nullable(),
          source: int8,
        }),
        configType: int8.since(3).or(0).ignorable(),
        documentation: string.since(3).nullable().ignorable(),
      }),
    }),
  },
})
