/** How an engine cleans compacted logs. */
export interface CleanerSettings {
  /** Partitions that are cleaned at one time; 0 cleans none. */
  threads: number
  /** Bytes for the maps of keys, all threads together. */
  dedupeBufferSize: number
  loadFactor: number
  /** Bytes read and written in a second, all threads together. */
  bytesPerSecondMax: number
  /** How long to wait when nothing was due. Milliseconds. */
  backoffMs: number
}

/** Kafka's defaults. */
export const cleanerDefaults: CleanerSettings = {
  threads: 1,
  dedupeBufferSize: 134_217_728,
  loadFactor: 0.9,
  bytesPerSecondMax: Number.MAX_VALUE,
  backoffMs: 15_000,
}
