/** What the local engine is told once. Times in milliseconds. */
export interface LocalLogSettings {
  /** The data folder; it exists and is ours alone. */
  folder: string
  openFilesMax: number
  /** Producers remembered per partition. */
  producersMax: number
  /** How often the oldest segments are looked at for whether they may go. */
  retentionCheckMs: number
  producerExpirationMs: number
  producerExpirationCheckMs: number
}
