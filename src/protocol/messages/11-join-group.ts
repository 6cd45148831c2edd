import { api, array, boolean, bytes, errorCode, int32, string, throttleTimeMs } from '../schema.ts'

/**
 * JoinGroup: a member enters a classic consumer group, or shows up for its next generation.
 *
 * Version 4 gives the member its id by MEMBER_ID_REQUIRED first (KIP-394), 5 knows static members
 * (KIP-345), 8 says why (KIP-800), 9 lets the leader skip the assignment (KIP-814).
 */
export const JoinGroup = api(11, 'JoinGroup', {
  versions: [0, 9],
  flexible: 6,
  request: {
    groupId: string,
    sessionTimeoutMs: int32,
    rebalanceTimeoutMs: int32.since(1).or(-1).ignorable(),
    memberId: string,
    groupInstanceId: string.since(5).nullable().or(null),
    protocolType: string,
    protocols: array({
      name: string,
      metadata: bytes,
    }),
    reason: string.since(8).nullable().or(null).ignorable(),
  },
  response: {
    throttleTimeMs: throttleTimeMs.since(2).ignorable(),
    errorCode,
    generationId: int32.or(-1),
    protocolType: string.since(7).nullable().or(null).ignorable(),
    protocolName: string.nullable(7),
    leader: string,
    skipAssignment: boolean.since(9).or(false),
    memberId: string,
    members: array({
      memberId: string,
      groupInstanceId: string.since(5).nullable().or(null).ignorable(),
      metadata: bytes,
    }),
  },
})
