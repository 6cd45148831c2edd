import type { LogEngine, TimedOffset } from '#log'
import { IsolationLevel, kafkaError, SpecialTime } from '#model'
import { ListOffsets } from '#protocol'
import { perItem } from '#server'
import { handler } from './kit.ts'
import { type LedPartition, leadPartition } from './partition-lookup.ts'

/** The version that first knew a special time; asked for in an earlier one it is unknown. */
const knownSince = new Map<number, number>([
  [SpecialTime.latest, 1],
  [SpecialTime.earliest, 1],
  [SpecialTime.newest, 7],
  [SpecialTime.earliestLocal, 8],
  [SpecialTime.latestTiered, 9],
  [SpecialTime.earliestPendingUpload, 11],
])

/** Each partition answers for itself; a time that no record has reached leaves the schema's -1. */
export const listOffsets = handler(ListOffsets, async (request, context, { version }) => ({
  topics: await Promise.all(
    request.topics.map(async ({ name, partitions }) => ({
      name,
      partitions: await perItem(
        partitions,
        ({ partitionIndex }) => ({ partitionIndex }),
        ({ partitionIndex, currentLeaderEpoch, timestamp }) => {
          const known = timestamp >= 0 || version >= (knownSince.get(timestamp) ?? Infinity)
          if (!known) throw kafkaError('UNSUPPORTED_VERSION')
          const led = leadPartition(context, name, partitionIndex, currentLeaderEpoch)
          return find(context.logs, led, timestamp, request.isolationLevel)
        },
      ),
    })),
  ),
}))

const find = (logs: LogEngine, led: LedPartition, time: number, isolationLevel: number) => {
  const committedOnly = isolationLevel === IsolationLevel.readCommitted
  const { bounds } = led
  const at = (offset: number) => ({ offset, leaderEpoch: logs.epochOf(led, offset) })
  switch (time) {
    case SpecialTime.latest:
      return {
        offset: committedOnly ? bounds.lastStable : bounds.highWatermark,
        leaderEpoch: bounds.leaderEpoch,
      }
    case SpecialTime.earliest:
    case SpecialTime.earliestLocal:
      return at(bounds.logStart)
    // Nothing is tiered and nothing waits to be.
    case SpecialTime.latestTiered:
    case SpecialTime.earliestPendingUpload:
      return {}
    case SpecialTime.newest:
      return found(logs.newest(led))
    default:
      return found(logs.firstSince(led, time, committedOnly))
  }
}

const found = async (search: Promise<TimedOffset | undefined>) => {
  const record = await search
  if (!record) return {}
  const { offset, timestampMs: timestamp, leaderEpoch } = record
  return { offset, timestamp, leaderEpoch }
}
