import type { Uuid } from '#model'
import { type AssignorMember, Dealing, type Partitions } from './assignor.ts'

/** Deals to members of one subscription: each its share, and the remainder to those who had more. */
export const dealEvenly = (
  members: readonly AssignorMember[],
  subscribers: ReadonlyMap<Uuid, readonly AssignorMember[]>,
  partitionCountOf: (topicId: Uuid) => number,
): ReadonlyMap<string, Partitions> => {
  const topicIds = [...subscribers.keys()]
  const total = topicIds.reduce((sum, topicId) => sum + partitionCountOf(topicId), 0)
  const share = Math.floor(total / members.length)
  let extras = total % members.length

  const dealing = new Dealing(members)
  const taken = new Map<Uuid, Set<number>>(topicIds.map((topicId) => [topicId, new Set()]))
  const wanting = members.map((member) => {
    const valid = stillThere(member.previous, taken, partitionCountOf)
    const hasExtra = valid.length > share && extras > 0
    if (hasExtra) extras -= 1
    const kept = valid.slice(0, hasExtra ? share + 1 : share)
    for (const { topicId, partition } of kept) {
      taken.get(topicId)!.add(partition)
      dealing.give(member.memberId, topicId, partition)
    }
    return { memberId: member.memberId, room: hasExtra ? 0 : share - kept.length, hasExtra }
  })
  for (const member of wanting)
    if (!member.hasExtra && extras > 0) {
      extras -= 1
      member.room += 1
    }

  dealRound(
    wanting.filter(({ room }) => room > 0),
    freePartitions(taken, partitionCountOf),
    dealing,
  )
  return dealing.result()
}

interface TopicPartition {
  readonly topicId: Uuid
  readonly partition: number
}

/** What a member owned that still exists and nobody before it has kept. */
const stillThere = (
  previous: Partitions,
  taken: ReadonlyMap<Uuid, ReadonlySet<number>>,
  partitionCountOf: (topicId: Uuid) => number,
): TopicPartition[] =>
  Object.entries(previous).flatMap(([topicId, partitions]) =>
    partitions
      .filter((partition) => taken.get(topicId)?.has(partition) === false)
      .filter((partition) => partition < partitionCountOf(topicId))
      .map((partition) => ({ topicId, partition })),
  )

function* freePartitions(
  taken: ReadonlyMap<Uuid, ReadonlySet<number>>,
  partitionCountOf: (topicId: Uuid) => number,
): Generator<TopicPartition> {
  for (const [topicId, partitions] of taken)
    for (let partition = 0; partition < partitionCountOf(topicId); partition += 1)
      if (!partitions.has(partition)) yield { topicId, partition }
}

/** Deals one to each in turn, so that a topic is spread over the members that have room. */
const dealRound = (
  wanting: { readonly memberId: string; room: number }[],
  free: Iterable<TopicPartition>,
  dealing: Dealing,
): void => {
  let hungry = wanting
  let turn = 0
  for (const { topicId, partition } of free) {
    if (turn >= hungry.length) {
      hungry = hungry.filter(({ room }) => room > 0)
      turn = 0
    }
    const member = hungry[turn++]!
    member.room -= 1
    dealing.give(member.memberId, topicId, partition)
  }
}
