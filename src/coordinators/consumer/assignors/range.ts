import {
  type Assignor,
  type AssignorMember,
  Dealing,
  inFixedOrder,
  subscribersByTopic,
} from './assignor.ts'

/**
 * Deals each topic by itself in runs of neighbours, so that members with one subscription own the same
 * numbers of topics with one partition count and can join them (KIP-848's `range`).
 *
 * A member keeps the lowest of its partitions up to its share before anything new is dealt. Of a
 * topic each subscriber gets the same count, or one more.
 *
 *     6 partitions, a and b owned 0-2 and 3-5, c joins:  a 0 1   b 3 4   c 2 5
 */
export const assignRange: Assignor = (members, partitionCountOf) => {
  const ordered = inFixedOrder(members)
  const dealing = new Dealing(ordered)
  for (const [topicId, subscribers] of subscribersByTopic(ordered, partitionCountOf)) {
    const kept = (member: AssignorMember): readonly number[] => member.previous[topicId] ?? []
    dealTopic(subscribers, partitionCountOf(topicId), kept, (memberId, partition) =>
      dealing.give(memberId, topicId, partition),
    )
  }
  return dealing.result()
}

const dealTopic = (
  subscribers: readonly AssignorMember[],
  partitionCount: number,
  previousOf: (member: AssignorMember) => readonly number[],
  give: (memberId: string, partition: number) => void,
): void => {
  const share = Math.floor(partitionCount / subscribers.length)
  let extras = partitionCount % subscribers.length
  const taken = new Set<number>()
  const keep = (member: AssignorMember, partition: number): void => {
    taken.add(partition)
    give(member.memberId, partition)
  }

  const missing = subscribers.map((member) => {
    const valid = previousOf(member).filter((each) => each < partitionCount && !taken.has(each))
    for (const partition of valid.slice(0, share)) keep(member, partition)
    if (valid.length <= share) return { member, count: share - valid.length, mayHaveExtra: true }
    if (extras > 0) {
      extras -= 1
      keep(member, valid[share]!)
      return { member, count: 0, mayHaveExtra: false }
    }
    return { member, count: 0, mayHaveExtra: true }
  })

  let next = 0
  const nextFree = (): number => {
    while (taken.has(next)) next += 1
    return next++
  }
  for (const { member, count, mayHaveExtra } of missing) {
    const extra = mayHaveExtra && extras > 0 ? 1 : 0
    extras -= extra
    for (let dealt = 0; dealt < count + extra; dealt += 1) give(member.memberId, nextFree())
  }
}
