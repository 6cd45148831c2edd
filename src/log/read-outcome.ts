import { type KafkaError, kafkaError } from '#model'
import type { Bounds, Read, ReadOutcome } from './engine.ts'

/** Why nothing can be read at an offset, as Kafka tells it. */
export const readError = (
  { offset, currentLeaderEpoch }: Read,
  { offline, leaderEpoch, logStart, highWatermark, end, damaged }: Bounds,
): KafkaError | undefined => {
  if (offline) return kafkaError(offline)
  if (currentLeaderEpoch >= 0 && currentLeaderEpoch < leaderEpoch)
    return kafkaError('FENCED_LEADER_EPOCH')
  if (currentLeaderEpoch > leaderEpoch) return kafkaError('UNKNOWN_LEADER_EPOCH')
  if (damaged && offset >= highWatermark) return kafkaError('KAFKA_STORAGE_ERROR')
  if (offset < logStart || offset > end) return kafkaError('OFFSET_OUT_OF_RANGE')
  return undefined
}

/** The outcome of a read that failed: nothing is said of the partition, as in Kafka. */
export const unreadable = (error: KafkaError): ReadOutcome => ({
  error,
  records: [],
  recordsSize: 0,
  highWatermark: -1,
  lastStable: -1,
  logStart: -1,
  aborted: null,
})
