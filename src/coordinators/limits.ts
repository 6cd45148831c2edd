/**
 * Ids without anything going on that stay in memory, the ones used last: each costs about a kilobyte, and
 * without it a read of the store before its next command.
 */
export const idleMachinesMax = 10_000
