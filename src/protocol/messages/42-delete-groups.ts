import { api, array, errorCode, string, throttleTimeMs } from '../schema.ts'

/** DeleteGroups: removes groups that have no members (KIP-229). */
export const DeleteGroups = api(42, 'DeleteGroups', {
  versions: [0, 2],
  flexible: 2,
  request: {
    groupsNames: array(string),
  },
  response: {
    throttleTimeMs,
    results: array({
      groupId: string,
      errorCode,
    }),
  },
})
