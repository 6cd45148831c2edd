// Which partitions a fetch is about: those it names, or those its session remembers (KIP-227).
import { kafkaError } from '#model'
import type { Fetch, RequestOf } from '#protocol'
import type { FetchSession, FetchSessions, WantedPartition } from './sessions.ts'

type Request = RequestOf<typeof Fetch>

/** The version from which topics are named by id alone. */
const byIdSince = 13

/** Session epochs with a meaning of their own. */
const openSession = 0
const noSession = -1

/** What a fetch reads, and how its answer is told. */
export interface WantedPartitions {
  partitions: readonly WantedPartition[]
  /** Set when the answer names only what changed since the last one of this session. */
  session: FetchSession | undefined
  /** The client would like the broker to remember these partitions. */
  wantsSession: boolean
}

/** Reads the session part of the request; throws the `KafkaError` that makes the client start over. */
export const wantedPartitions = (
  request: Request,
  version: number,
  sessions: FetchSessions,
): WantedPartitions => {
  const { sessionId, sessionEpoch } = request
  const byId = version >= byIdSince
  if (sessionEpoch === openSession || sessionEpoch === noSession) {
    sessions.close(sessionId)
    const partitions = named(request)
    const wantsSession = sessionEpoch === openSession && partitions.length > 0
    return { partitions, session: undefined, wantsSession }
  }
  const session = sessions.continue(sessionId, sessionEpoch, byId)
  for (const { topic, topicId, partitions } of request.forgottenTopicsData)
    for (const partition of partitions) session.forget({ topic, topicId, partition })
  for (const partition of named(request))
    if (!session.want(partition)) {
      sessions.close(sessionId)
      throw kafkaError('FETCH_SESSION_ID_NOT_FOUND')
    }
  return { partitions: session.partitions, session, wantsSession: false }
}

const named = ({ topics }: Request): WantedPartition[] =>
  topics.flatMap(({ topic, topicId, partitions }) =>
    partitions.map((partition) => ({
      topic,
      topicId,
      partition: partition.partition,
      fetchOffset: partition.fetchOffset,
      bytesMax: partition.partitionMaxBytes,
      currentLeaderEpoch: partition.currentLeaderEpoch,
      lastFetchedEpoch: partition.lastFetchedEpoch,
    })),
  )
