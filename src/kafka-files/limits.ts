/** A file is read so many bytes at a time. */
export const windowSize = 1024 * 1024

/** No batch of Kafka's own topics is larger; a length beyond it in a file is damage. */
export const batchSizeMax = 256 * 1024 * 1024

/** What one batch of Kafka's own topics may unfold to. */
export const unfoldedSizeMax = 256 * 1024 * 1024

/** Records of a transaction of the metadata log that wait for its end; Kafka's own are far smaller. */
export const pendingRecordsMax = 1_000_000
