import { api, errorCode, int32, string, throttleTimeMs } from '../schema.ts'

/** Heartbeat: a member of a classic group says that it lives, and hears of a rebalance. */
export const Heartbeat = api(12, 'Heartbeat', {
  versions: [0, 4],
  flexible: 4,
  request: {
    groupId: string,
    generationId: int32,
    memberId: string,
    groupInstanceId: string.since(3).nullable().or(null),
  },
  response: {
    throttleTimeMs: throttleTimeMs.since(1).ignorable(),
    errorCode,
  },
})
