/** Partitions one CreateTopics may ask for in all; Kafka's controller draws the same line. */
export const partitionsPerRequestMax = 10_000

/** Partitions of one broker. Each costs about a kilobyte of memory, and a start opens every one. */
export const partitionsMax = 200_000

/** Producer ids reserved at a time: one durable write a block (D6), and what a crash may leave unused. */
export const producerIdBlockSize = 1000

/** Transactional ids that are looked for at a time when those that nobody uses are forgotten. */
export const unusedIdsPerLookMax = 10_000
