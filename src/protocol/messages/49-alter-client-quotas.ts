import {
  api,
  array,
  boolean,
  errorCode,
  errorMessage,
  float64,
  string,
  throttleTimeMs,
} from '../schema.ts'

/** AlterClientQuotas: sets and removes quotas (KIP-546). */
export const AlterClientQuotas = api(49, 'AlterClientQuotas', {
  versions: [0, 1],
  flexible: 1,
  request: {
    entries: array({
      entity: array({
        entityType: string,
        entityName: string.nullable(),
      }),
      ops: array({
        key: string,
        value: float64,
        remove: boolean,
      }),
    }),
    validateOnly: boolean,
  },
  response: {
    throttleTimeMs,
    entries: array({
      errorCode,
      errorMessage,
      entity: array({
        entityType: string,
        entityName: string.nullable(),
      }),
    }),
  },
})
