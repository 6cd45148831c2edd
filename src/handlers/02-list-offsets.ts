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

/** The version from which an answer names the leader epoch (KIP-320). */
const epochsSince = 4

/** Each partition answers for itself; a time that no record has reached leaves the schema's -1. */
export const listOffsets = handler(ListOffsets, async (request, context, { version }) => {
  const committedOnly = request.isolationLevel === IsolationLevel.readCommitted
  const topics = await Promise.all(
    request.topics.map(async ({ name, partitions }) => ({
      name,
      partitions: await perItem(
        partitions,
        ({ partitionIndex }) => ({ partitionIndex }),
        async ({ partitionIndex, currentLeaderEpoch, timestamp }) => {
          const known = timestamp >= 0 || version >= (knownSince.get(timestamp) ?? Infinity)
          if (!known) throw kafkaError('UNSUPPORTED_VERSION')
          const led = leadPartition(context, name, partitionIndex, currentLeaderEpoch)
          const { leaderEpoch, ...place } = await find(context.logs, led, timestamp, committedOnly)
          return version >= epochsSince ? { ...place, leaderEpoch } : place
        },
      ),
    })),
  )
  return { topics }
})

/** What is found of a partition; -1 stands for nothing. */
interface Place {
  offset: number
  timestamp: number
  leaderEpoch: number
}

const nowhere: Place = { offset: -1, timestamp: -1, leaderEpoch: -1 }

const find = async (
  logs: LogEngine,
  led: LedPartition,
  time: number,
  committedOnly: boolean,
): Promise<Place> => {
  const { bounds } = led
  switch (time) {
    case SpecialTime.latest:
      return {
        offset: committedOnly ? bounds.lastStable : bounds.highWatermark,
        timestamp: -1,
        leaderEpoch: bounds.leaderEpoch,
      }
    case SpecialTime.earliest:
    case SpecialTime.earliestLocal:
      return {
        offset: bounds.logStart,
        timestamp: -1,
        leaderEpoch: logs.epochOf(led, bounds.logStart),
      }
    // Nothing is tiered and nothing waits to be.
    case SpecialTime.latestTiered:
    case SpecialTime.earliestPendingUpload:
      return nowhere
    case SpecialTime.newest:
      return placeOf(await logs.newest(led, committedOnly))
    default:
      return placeOf(await logs.firstSince(led, time, committedOnly))
  }
}

const placeOf = (record: TimedOffset | undefined): Place =>
  record
    ? { offset: record.offset, timestamp: record.timestampMs, leaderEpoch: record.leaderEpoch }
    : nowhere
