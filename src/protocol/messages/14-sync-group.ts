import { api, array, bytes, errorCode, int32, string, throttleTimeMs } from '../schema.ts'

/** SyncGroup: the leader hands in a generation's assignment and every member gets its part. */
export const SyncGroup = api(14, 'SyncGroup', {
  versions: [0, 5],
  flexible: 4,
  request: {
    groupId: string,
    generationId: int32,
    memberId: string,
    groupInstanceId: string.since(3).nullable().or(null),
    protocolType: string.since(5).nullable().or(null).ignorable(),
    protocolName: string.since(5).nullable().or(null).ignorable(),
    assignments: array({
      memberId: string,
      assignment: bytes,
    }),
  },
  response: {
    throttleTimeMs: throttleTimeMs.since(1).ignorable(),
    errorCode,
    protocolType: string.since(5).nullable().or(null).ignorable(),
    protocolName: string.since(5).nullable().or(null).ignorable(),
    assignment: bytes,
  },
})
