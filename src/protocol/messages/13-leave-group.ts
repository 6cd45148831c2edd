import { api, array, errorCode, string, throttleTimeMs } from '../schema.ts'

/** LeaveGroup: members leave a classic group; several at once since version 3 (KIP-345). */
export const LeaveGroup = api(13, 'LeaveGroup', {
  versions: [0, 5],
  flexible: 4,
  request: {
    groupId: string,
    memberId: string.until(2),
    members: array({
      memberId: string,
      groupInstanceId: string.nullable().or(null),
      reason: string.since(5).nullable().or(null).ignorable(),
    }).since(3),
  },
  response: {
    throttleTimeMs: throttleTimeMs.since(1).ignorable(),
    errorCode,
    members: array({
      memberId: string,
      groupInstanceId: string.nullable(),
      errorCode,
    }).since(3),
  },
})
