import {
  api,
  array,
  boolean,
  errorCode,
  errorMessage,
  float64,
  int8,
  string,
  throttleTimeMs,
} from '../schema.ts'

/** DescribeClientQuotas: the quotas that match users, client ids and addresses (KIP-546). */
export const DescribeClientQuotas = api(48, 'DescribeClientQuotas', {
  versions: [0, 1],
  flexible: 1,
  request: {
    components: array({
      entityType: string,
      matchType: int8,
      match: string.nullable(),
    }),
    strict: boolean,
  },
  response: {
    throttleTimeMs,
    errorCode,
    errorMessage,
    entries: array({
      entity: array({
        entityType: string,
        entityName: string.nullable(),
      }),
      values: array({
        key: string,
        value: float64,
      }),
    }).nullable(),
  },
})
