import type { CommittedOffset, OffsetPartition, OffsetReader } from '#coordinators'
import { codeOf, type Uuid, zeroUuid } from '#model'
import { OffsetFetch, type RequestOf } from '#protocol'
import { answerOf, inSlices } from '#server'
import { topicIdsSince } from './groups/committed-topic.ts'
import { type BrokerContext, handler } from './kit.ts'

type Request = RequestOf<typeof OffsetFetch>
type AskedTopic = NonNullable<Request['groups'][number]['topics']>[number]

/** The version from which a request names several groups (KIP-709). */
const groupsSince = 8
/** The version from which an error of the group has a field of its own. */
const groupErrorSince = 2

/** A client that wants to hear of offsets only when nothing is about to change them (KIP-447). */
interface Reader extends OffsetReader {
  readonly requireStable: boolean
}

/** Says how far groups have read. Of what was never committed the offset is -1, and that is no error. */
export const offsetFetch = handler(OffsetFetch, async (request, context, { version }) => {
  const { requireStable } = request
  if (version >= groupsSince)
    return {
      groups: await inSlices(request.groups, ({ groupId, topics, memberId, memberEpoch }) =>
        answer(groupId, topics, { memberId, memberEpoch, requireStable }, context, version),
      ),
    }
  const asked = request.topics?.map((topic) => ({ ...topic, topicId: zeroUuid })) ?? null
  const reader = { ...nobody, requireStable }
  const { errorCode, topics } = await answer(request.groupId, asked, reader, context, version)
  if (errorCode === 0 || version >= groupErrorSince) return { errorCode, topics }
  const failed = ({ name, partitionIndexes }: AskedTopic) => ({
    name,
    partitions: partitionIndexes.map((partition) => unread(partition, errorCode)),
  })
  return { topics: (asked ?? []).map(failed) }
})

/** Who is no member reads what anyone may. */
const nobody: OffsetReader = { memberId: null, memberEpoch: -1 }

const answer = async (
  groupId: string,
  asked: readonly AskedTopic[] | null,
  reader: Reader,
  context: BrokerContext,
  version: number,
) => {
  try {
    const topics =
      asked === null
        ? await everything(groupId, reader, context)
        : await some(groupId, asked, reader, context, version)
    return { groupId, topics, errorCode: 0 }
  } catch (error) {
    return { groupId, topics: [], errorCode: answerOf(error).errorCode }
  }
}

const everything = async (groupId: string, reader: Reader, context: BrokerContext) => {
  const { catalog, groups } = context
  const pending = await pendingOffsets(groupId, null, reader, context)
  const found = await groups.offsets(groupId, null, reader)
  const shown = (offset: CommittedOffset) =>
    pending.has(keyOf(offset)) ? unread(offset.partition, unstable) : read(offset)
  return [...Map.groupBy(found, ({ topicId }) => topicId)].flatMap(([topicId, offsets]) => {
    const name = catalog.identified(topicId)?.name
    return name === undefined ? [] : [{ name, topicId, partitions: offsets.map(shown) }]
  })
}

const some = async (
  groupId: string,
  asked: readonly AskedTopic[],
  reader: Reader,
  context: BrokerContext,
  version: number,
) => {
  const { catalog, groups } = context
  const byId = version >= topicIdsSince
  const idOf = ({ name, topicId }: AskedTopic): Uuid | undefined =>
    byId ? catalog.identified(topicId)?.id : catalog.named(name)?.id
  const partitions = asked.flatMap((topic) => {
    const topicId = idOf(topic)
    if (topicId === undefined) return []
    return topic.partitionIndexes.map((partition) => ({ topicId, partition }))
  })
  const pending = await pendingOffsets(groupId, partitions, reader, context)
  const found = await groups.offsets(groupId, partitions, reader)
  const offsets = new Map(found.map((offset) => [keyOf(offset), offset]))
  return asked.map((topic) => {
    const id = idOf(topic)
    const errorCode = byId && id === undefined ? codeOf('UNKNOWN_TOPIC_ID') : 0
    return {
      name: topic.name,
      topicId: topic.topicId,
      partitions: topic.partitionIndexes.map((partition) => {
        const key = id && keyOf({ topicId: id, partition })
        if (key && pending.has(key)) return unread(partition, unstable)
        const offset = key && offsets.get(key)
        return offset ? read(offset) : unread(partition, errorCode)
      }),
    }
  })
}

const unstable = codeOf('UNSTABLE_OFFSET_COMMIT')

/** What is still to be decided. Asked for before the offsets: what is decided in between is in those. */
const pendingOffsets = async (
  groupId: string,
  partitions: readonly OffsetPartition[] | null,
  { requireStable }: Reader,
  { transactions }: BrokerContext,
): Promise<ReadonlySet<string>> => {
  if (!requireStable) return new Set()
  return new Set((await transactions.pendingOffsets(groupId, partitions)).map(keyOf))
}

const keyOf = ({ topicId, partition }: OffsetPartition): string => `${partition}/${topicId}`

const read = ({ partition, offset, leaderEpoch, metadata }: CommittedOffset) => ({
  partitionIndex: partition,
  committedOffset: offset,
  committedLeaderEpoch: leaderEpoch,
  metadata,
  errorCode: 0,
})

const unread = (partitionIndex: number, errorCode: number) => ({
  partitionIndex,
  committedOffset: -1,
  committedLeaderEpoch: -1,
  metadata: '',
  errorCode,
})
