import type { LocalLogSettings } from '#log'
import type { Settings } from '#settings'

/** What of the settings concerns the local engine as a whole. */
export const localLogSettings = ({ folder, broker }: Settings): LocalLogSettings => ({
  folder,
  openFilesMax: broker['odradek.open.files.max'],
  freeBytesMin: broker['odradek.min.free.bytes'],
  producersMax: broker['odradek.producer.state.max'],
  retentionCheckMs: broker['log.retention.check.interval.ms'],
  producerExpirationMs: broker['producer.id.expiration.ms'],
  producerExpirationCheckMs: broker['producer.id.expiration.check.interval.ms'],
})
