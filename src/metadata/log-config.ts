import type { LogConfig } from '#log'
import { type BrokerSettings, type TopicConfig, topicConfig } from '#settings'

/** What the log needs of a topic's configs, with the broker's own settings behind them. */
export const logConfig = (
  overrides: Readonly<Record<string, string>>,
  settings: BrokerSettings,
): LogConfig => {
  const config = topicConfig(overrides, settings)
  const compacted = config['cleanup.policy'].includes('compact')
  const maxCompactionLagMs = config['max.compaction.lag.ms']
  const segmentMs = config['segment.ms']
  return {
    flush: flushOf(config),
    flushMessages: config['flush.messages'],
    flushMs: config['flush.ms'],
    compression: compressionOf(config),
    segmentBytes: config['segment.bytes'],
    // Only closed segments are cleaned, so none may stay open for longer than the lag (KIP-354).
    segmentMs: compacted ? Math.min(segmentMs, maxCompactionLagMs) : segmentMs,
    segmentJitterMs: config['segment.jitter.ms'],
    segmentIndexBytes: config['segment.index.bytes'],
    indexIntervalBytes: config['index.interval.bytes'],
    maxMessageBytes: config['max.message.bytes'],
    compacted,
    deletes: config['cleanup.policy'].includes('delete'),
    retentionMs: config['retention.ms'],
    retentionBytes: config['retention.bytes'],
    minCleanableDirtyRatio: config['min.cleanable.dirty.ratio'],
    minCompactionLagMs: config['min.compaction.lag.ms'],
    maxCompactionLagMs,
    deleteRetentionMs: config['delete.retention.ms'],
    openCompressed: settings['odradek.validate.compressed'],
    timestampType: config['message.timestamp.type'],
    timestampBeforeMaxMs: config['message.timestamp.before.max.ms'],
    timestampAfterMaxMs: config['message.timestamp.after.max.ms'],
    fileDeleteDelayMs: config['file.delete.delay.ms'],
  }
}

/** Kafka syncs each append under `flush.messages=1` before it answers, which is our `flush=disk`. */
const flushOf = (config: TopicConfig): LogConfig['flush'] =>
  config['flush.messages'] === 1 ? 'disk' : config['odradek.flush']

const compressionOf = (config: TopicConfig): LogConfig['compression'] => {
  const type = config['compression.type']
  if (type === 'producer') return undefined
  // The others have no levels here.
  if (type === 'zstd') return { type, level: config['compression.zstd.level'] }
  const level = config['compression.gzip.level']
  return { type, level: type === 'gzip' && level !== -1 ? level : undefined }
}
