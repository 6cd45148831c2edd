import { type Assignor, type AssignorMember, inFixedOrder, subscribersByTopic } from './assignor.ts'
import { dealByNeed } from './uniform-heterogeneous.ts'
import { dealEvenly } from './uniform-homogeneous.ts'

/**
 * Gives members as even a number of partitions as their subscriptions allow, and moves as few as
 * that takes (KIP-848's `uniform`, the default).
 *
 * Members that all subscribe to the same topics end within one partition of each other. With
 * different subscriptions the end is where no partition can move and leave two members nearer.
 */
export const assignUniform: Assignor = (members, partitionCountOf) => {
  const ordered = inFixedOrder(members)
  const subscribers = subscribersByTopic(ordered, partitionCountOf)
  const deal = haveOneSubscription(ordered) ? dealEvenly : dealByNeed
  return deal(ordered, subscribers, partitionCountOf)
}

const haveOneSubscription = (members: readonly AssignorMember[]): boolean => {
  const first = new Set(members[0]?.topicIds)
  return members.every((member) => {
    if (member.topicIds === members[0]!.topicIds) return true
    const topics = new Set(member.topicIds)
    return topics.size === first.size && member.topicIds.every((topicId) => first.has(topicId))
  })
}
