import type { LogConfig } from '#log'
import { type BrokerSettings, topicConfig } from '#settings'

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
    flush: config['odradek.flush'],
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
