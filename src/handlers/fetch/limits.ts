/** How long a fetch session is safe from eviction: idle for so long, or as old for a larger newcomer. */
export const sessionIdleMsMin = 120_000

/** Partitions one session remembers, some 200 bytes each; a larger fetch is served without a session. */
export const sessionPartitionsMax = 10_000

/** Partitions all sessions together remember when a new one asks for a place. */
export const sessionsPartitionsMax = 500_000
