import type { CleanerSettings } from '../compaction/cleaner-settings.ts'
import type { ScrubSettings } from './scrub.ts'

/** What the local engine is told once. Times in milliseconds. */
export interface LocalLogSettings {
  /** The data folder; it exists and is ours alone. */
  folder: string
  openFilesMax: number
  /** Bytes of the disk that appends leave free; 0 for none. */
  freeBytesMin: number
  /** Bytes of the commit log; 0 for none. */
  commitLogSize: number
  /** Producers remembered per partition. */
  producersMax: number
  /** How often the oldest segments are looked at for whether they may go. */
  retentionCheckMs: number
  producerExpirationMs: number
  producerExpirationCheckMs: number
  /** Without it nothing is read again to be checked. */
  scrub?: ScrubSettings
  /** Without it logs are cleaned only when `compact` is called. */
  cleaner?: CleanerSettings
}
