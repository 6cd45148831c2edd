import { api, array, errorCode, errorMessage, int8, string, throttleTimeMs } from '../schema.ts'

/** DeleteAcls: removes the access rules that match filters (KIP-140). */
export const DeleteAcls = api(31, 'DeleteAcls', {
  versions: [1, 3],
  flexible: 2,
  request: {
    filters: array({
      resourceTypeFilter: int8,
      resourceNameFilter: string.nullable(),
      patternTypeFilter: int8.or(3),
      principalFilter: string.nullable(),
      hostFilter: string.nullable(),
      operation: int8,
      permissionType: int8,
    }),
  },
  response: {
    throttleTimeMs,
    filterResults: array({
      errorCode,
      errorMessage,
      matchingAcls: array({
        errorCode,
        errorMessage,
        resourceType: int8,
        resourceName: string,
        patternType: int8.or(3),
        principal: string,
        host: string,
        operation: int8,
        permissionType: int8,
      }),
    }),
  },
})
