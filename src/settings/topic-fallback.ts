import type { BrokerKey } from './load.ts'
import type { topicTable } from './topic.table.ts'

/** The name of a topic setting, Kafka's or ours. */
export type TopicKey = keyof typeof topicTable

/** A broker setting that a topic setting falls back to, and how many of the topic's units it counts in. */
export interface Fallback {
  readonly key: BrokerKey
  readonly factor: number
}

const of = (key: BrokerKey, factor = 1): Fallback => ({ key, factor })
const minuteMs = 60_000
const hourMs = 3_600_000

/**
 * The broker settings behind each topic setting. The first that has a value stands: milliseconds
 * before minutes before hours, whichever source they come from, as in Kafka.
 */
export const topicFallbacks: Readonly<Record<TopicKey, readonly Fallback[]>> = {
  'cleanup.policy': [of('log.cleanup.policy')],
  'compression.gzip.level': [of('compression.gzip.level')],
  'compression.lz4.level': [of('compression.lz4.level')],
  'compression.type': [of('compression.type')],
  'compression.zstd.level': [of('compression.zstd.level')],
  'delete.retention.ms': [of('log.cleaner.delete.retention.ms')],
  'file.delete.delay.ms': [of('log.segment.delete.delay.ms')],
  'flush.messages': [of('log.flush.interval.messages')],
  'flush.ms': [of('log.flush.interval.ms'), of('log.flush.scheduler.interval.ms')],
  'follower.replication.throttled.replicas': [],
  'index.interval.bytes': [of('log.index.interval.bytes')],
  'leader.replication.throttled.replicas': [],
  'local.retention.bytes': [of('log.local.retention.bytes')],
  'local.retention.ms': [of('log.local.retention.ms')],
  'max.compaction.lag.ms': [of('log.cleaner.max.compaction.lag.ms')],
  'max.message.bytes': [of('message.max.bytes')],
  'message.timestamp.after.max.ms': [of('log.message.timestamp.after.max.ms')],
  'message.timestamp.before.max.ms': [of('log.message.timestamp.before.max.ms')],
  'message.timestamp.type': [of('log.message.timestamp.type')],
  'min.cleanable.dirty.ratio': [of('log.cleaner.min.cleanable.ratio')],
  'min.compaction.lag.ms': [of('log.cleaner.min.compaction.lag.ms')],
  'min.insync.replicas': [of('min.insync.replicas')],
  preallocate: [of('log.preallocate')],
  'remote.log.copy.disable': [],
  'remote.log.delete.on.disable': [],
  'remote.storage.enable': [],
  'retention.bytes': [of('log.retention.bytes')],
  'retention.ms': [
    of('log.retention.ms'),
    of('log.retention.minutes', minuteMs),
    of('log.retention.hours', hourMs),
  ],
  'segment.bytes': [of('log.segment.bytes')],
  'segment.index.bytes': [of('log.index.size.max.bytes')],
  'segment.jitter.ms': [of('log.roll.jitter.ms'), of('log.roll.jitter.hours', hourMs)],
  'segment.ms': [of('log.roll.ms'), of('log.roll.hours', hourMs)],
  'unclean.leader.election.enable': [of('unclean.leader.election.enable')],
  'odradek.flush': [of('odradek.flush')],
}
