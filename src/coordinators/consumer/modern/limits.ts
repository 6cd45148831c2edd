/** The least time between two looks through all topic names for a group's patterns (as in Kafka). */
export const regexPauseMs = 10_000
