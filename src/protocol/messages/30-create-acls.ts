import { api, array, errorCode, errorMessage, int8, string, throttleTimeMs } from '../schema.ts'

/** CreateAcls: adds access rules (KIP-140). */
export const CreateAcls = api(30, 'CreateAcls', {
  versions: [1, 3],
  flexible: 2,
  request: {
    creations: array({
      resourceType: int8,
      resourceName: string,
      resourcePatternType: int8.or(3),
      principal: string,
      host: string,
      operation: int8,
      permissionType: int8,
    }),
  },
  response: {
    throttleTimeMs,
    results: array({
      errorCode,
      errorMessage,
    }),
  },
})
