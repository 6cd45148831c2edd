// What each wanted partition is at this moment: readable, or refused with an error.
import type { PartitionId } from '#log'
import type { Topic } from '#metadata'
import { type KafkaError, kafkaError, zeroUuid } from '#model'
import type { BrokerContext } from '../kit.ts'
import type { WantedPartition } from './sessions.ts'

/** Where a client's records and the log part (KIP-595). */
export interface Divergence {
  epoch: number
  endOffset: number
}

/** A partition as this fetch finds it. */
export interface Target {
  wanted: WantedPartition
  id: PartitionId
  error: KafkaError | undefined
  divergence: Divergence | undefined
}

type Lookup = Pick<BrokerContext, 'catalog' | 'logs' | 'settings'>

/** The version from which consumers can read zstd (KIP-110). */
const zstdSince = 10

/** Looks a wanted partition up; never throws. */
export const targetOf = (wanted: WantedPartition, version: number, context: Lookup): Target => {
  const byId = wanted.topicId !== zeroUuid
  const { catalog } = context
  const topic = byId ? catalog.identified(wanted.topicId) : catalog.named(wanted.topic)
  const target: Target = {
    wanted,
    id: { topicId: topic?.id ?? wanted.topicId, partition: wanted.partition },
    error: undefined,
    divergence: undefined,
  }
  if (!topic) target.error = kafkaError(byId ? 'UNKNOWN_TOPIC_ID' : 'UNKNOWN_TOPIC_OR_PARTITION')
  else if (version < zstdSince && compressionOf(topic, context) === 'zstd')
    target.error = kafkaError('UNSUPPORTED_COMPRESSION_TYPE')
  else if (wanted.lastFetchedEpoch >= 0) compareEpochs(target, context)
  return target
}

const compressionOf = ({ configs }: Topic, { settings }: Lookup): string =>
  configs['compression.type'] ?? settings['compression.type']

const compareEpochs = (target: Target, { logs }: Lookup): void => {
  const { lastFetchedEpoch, fetchOffset, currentLeaderEpoch } = target.wanted
  const bounds = logs.bounds(target.id)
  // The read refuses these: who believes in another epoch has to hear that first, and find the present
  // one; told only where the logs part, a client that cannot go back would ask the same for ever.
  if (!bounds || bounds.offline) return
  if (currentLeaderEpoch >= 0 && currentLeaderEpoch !== bounds.leaderEpoch) return
  const { leaderEpoch: epoch, endOffset } = logs.epochEnd(target.id, lastFetchedEpoch)
  if (endOffset < 0) target.error = kafkaError('OFFSET_OUT_OF_RANGE')
  else if (endOffset < fetchOffset || epoch < lastFetchedEpoch)
    target.divergence = { epoch, endOffset }
}

/** Whether the partition has something to say whatever the client waits for: an error, above all. */
export const isUrgent = ({ wanted, id, error, divergence }: Target, { logs }: Lookup): boolean => {
  if (error || divergence) return true
  const bounds = logs.bounds(id)
  if (!bounds || bounds.offline) return true
  const { fetchOffset, currentLeaderEpoch } = wanted
  if (currentLeaderEpoch >= 0 && currentLeaderEpoch !== bounds.leaderEpoch) return true
  if (bounds.damaged && fetchOffset >= bounds.highWatermark) return true
  return fetchOffset < bounds.logStart || fetchOffset > bounds.end
}
