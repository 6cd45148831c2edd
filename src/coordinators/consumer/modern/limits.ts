/** The least time between two looks through all topic names for a group's patterns (as in Kafka). */
export const regexPauseMs = 10_000

/**
 * Instructions that a pattern may compile to. Matching is linear in them: at this many the worst
 * pattern takes some 20 ms for a name of 249 letters, on the event loop. A list of eighty names
 * takes about 50.
 */
export const regexInstructionsMax = 2_000
