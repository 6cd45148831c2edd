/** How long a member that is new may wait for its first generation; it cannot send heartbeats (as in Kafka). */
export const newMemberJoinMs = 300_000

/**
 * Ids given out by MEMBER_ID_REQUIRED that one group remembers: a client that asks again and again takes
 * the place of the oldest, and no more memory than this many ids.
 */
export const pendingMembersMax = 5000
