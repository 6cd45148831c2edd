import { api, array, errorCode, errorMessage, int8, string, throttleTimeMs } from '../schema.ts'

/** DescribeAcls: the access rules that match a filter (KIP-140). */
export const DescribeAcls = api(29, 'DescribeAcls', {
  versions: [1, 3],
  flexible: 2,
  request: {
    resourceTypeFilter: int8,
    resourceNameFilter: string.nullable(),
    patternTypeFilter: int8.or(3),
    principalFilter: string.nullable(),
    hostFilter: string.nullable(),
    operation: int8,
    permissionType: int8,
  },
  response: {
    throttleTimeMs,
    errorCode,
    errorMessage,
    resources: array({
      resourceType: int8,
      resourceName: string,
      patternType: int8.or(3),
      acls: array({
        principal: string,
        host: string,
        operation: int8,
        permissionType: int8,
      }),
    }),
  },
})
