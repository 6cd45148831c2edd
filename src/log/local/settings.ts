/** What the local engine is told once. Times in milliseconds. */
export interface LocalLogSettings {
  /** The data folder; it exists and is ours alone. */
  folder: string
  openFilesMax: number
  /** Producers remembered per partition. */
  producersMax: number
  producerExpirationMs: number
  producerExpirationCheckMs: number
}
