import type { LogConfig } from '#log'
import { type BrokerSettings, topicConfig } from '#settings'

/** What the log needs of a topic's configs, with the broker's own settings behind them. */
export const logConfig = (
  overrides: Readonly<Record<string, string>>,
  settings: BrokerSettings,
): LogConfig => {
  const config = topicConfig(overrides, settings)
  return {
    flush: config['odradek.flush'],
    segmentBytes: config['segment.bytes'],
    segmentMs: config['segment.ms'],
    segmentJitterMs: config['segment.jitter.ms'],
    segmentIndexBytes: config['segment.index.bytes'],
    indexIntervalBytes: config['index.interval.bytes'],
    maxMessageBytes: config['max.message.bytes'],
    compacted: config['cleanup.policy'].includes('compact'),
    deletes: config['cleanup.policy'].includes('delete'),
    retentionMs: config['retention.ms'],
    retentionBytes: config['retention.bytes'],
    openCompressed: settings['odradek.validate.compressed'],
    timestampType: config['message.timestamp.type'],
    timestampBeforeMaxMs: config['message.timestamp.before.max.ms'],
    timestampAfterMaxMs: config['message.timestamp.after.max.ms'],
    fileDeleteDelayMs: config['file.delete.delay.ms'],
  }
}
