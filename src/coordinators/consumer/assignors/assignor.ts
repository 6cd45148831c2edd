import type { Uuid } from '#model'

/** Partitions by the id of their topic; the numbers of one topic ascend. */
export type Partitions = Readonly<Record<Uuid, readonly number[]>>

/** What an assignor is told of one member: what it subscribes to and what it was last meant to own. */
export interface AssignorMember {
  readonly memberId: string
  /** A static member's name, which outlives its member id (KIP-345). */
  readonly instanceId: string | null
  readonly topicIds: readonly Uuid[]
  /** The target assignment of the last time. Topics and partitions of it may be gone. */
  readonly previous: Partitions
}

/**
 * Shares the partitions of the subscribed topics out to the members of a group (KIP-848).
 *
 * Each partition of a topic with a subscriber goes to exactly one of its subscribers, and the answer
 * depends on nothing but the arguments. Topics that do not exist have a count of 0.
 */
export type Assignor = (
  members: readonly AssignorMember[],
  partitionCountOf: (topicId: Uuid) => number,
) => ReadonlyMap<string, Partitions>

/** Sorts members so that the same group is dealt the same way whatever order it is kept in. */
export const inFixedOrder = (members: readonly AssignorMember[]): readonly AssignorMember[] =>
  [...members].sort((left, right) => compareTexts(nameOf(left), nameOf(right)))

const nameOf = ({ instanceId, memberId }: AssignorMember): string => instanceId ?? memberId

/** Orders texts by their UTF-16 units, which no locale changes. */
export const compareTexts = (left: string, right: string): number =>
  left < right ? -1 : left > right ? 1 : 0

/** The members of each topic that exists, by the id of the topic, topics in a fixed order. */
export const subscribersByTopic = (
  members: readonly AssignorMember[],
  partitionCountOf: (topicId: Uuid) => number,
): ReadonlyMap<Uuid, readonly AssignorMember[]> => {
  const subscribers = new Map<Uuid, AssignorMember[]>()
  for (const member of members)
    for (const topicId of new Set(member.topicIds)) {
      const known = subscribers.get(topicId)
      if (known) known.push(member)
      else if (partitionCountOf(topicId) > 0) subscribers.set(topicId, [member])
    }
  return new Map([...subscribers].sort(([left], [right]) => compareTexts(left, right)))
}

/** Gathers what each member is given, and hands it out in ascending order. */
export class Dealing {
  readonly #given = new Map<string, Map<Uuid, number[]>>()

  constructor(members: readonly AssignorMember[]) {
    for (const { memberId } of members) this.#given.set(memberId, new Map())
  }

  give(memberId: string, topicId: Uuid, partition: number): void {
    const topics = this.#given.get(memberId)!
    const partitions = topics.get(topicId)
    if (partitions) partitions.push(partition)
    else topics.set(topicId, [partition])
  }

  result(): ReadonlyMap<string, Partitions> {
    const ascending = (partitions: number[]): number[] => partitions.sort((a, b) => a - b)
    return new Map(
      [...this.#given].map(([memberId, topics]) => [
        memberId,
        Object.fromEntries(
          [...topics]
            .sort(([left], [right]) => compareTexts(left, right))
            .map(([topicId, partitions]) => [topicId, ascending(partitions)]),
        ),
      ]),
    )
  }
}
