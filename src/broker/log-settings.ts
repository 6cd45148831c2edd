import type { CleanerSettings, LocalLogSettings } from '#log'
import type { BrokerSettings, Settings } from '#settings'

/** What of the settings concerns the local engine as a whole. */
export const localLogSettings = ({ folder, broker }: Settings): LocalLogSettings => ({
  folder,
  openFilesMax: broker['odradek.open.files.max'],
  commitLogSize: broker['odradek.commit.log.bytes'],
  freeBytesMin: broker['odradek.min.free.bytes'],
  producersMax: broker['odradek.producer.state.max'],
  retentionCheckMs: broker['log.retention.check.interval.ms'],
  producerExpirationMs: broker['producer.id.expiration.ms'],
  producerExpirationCheckMs: broker['producer.id.expiration.check.interval.ms'],
  cleaner: cleanerSettings(broker),
  scrub: {
    bytesPerSecondMax: broker['odradek.scrub.bytes.per.second'],
    intervalMs: broker['odradek.scrub.interval.ms'],
  },
})

const cleanerSettings = (broker: BrokerSettings): CleanerSettings => ({
  threads: broker['log.cleaner.enable'] ? broker['log.cleaner.threads'] : 0,
  dedupeBufferSize: broker['log.cleaner.dedupe.buffer.size'],
  loadFactor: broker['log.cleaner.io.buffer.load.factor'],
  bytesPerSecondMax: broker['log.cleaner.io.max.bytes.per.second'],
  backoffMs: broker['log.cleaner.backoff.ms'],
})
