// A group that passes from one protocol to the other while it runs (KIP-848, "Migration").
import { kafkaError, type Uuid } from '#model'
import type { Partitions } from '../assignors/assignors.ts'
import type { ClassicGroup, ClassicGroupMember } from './classic-group.ts'
import {
  decodeAssignment,
  decodeSubscription,
  encodeAssignment,
  type NamedPartitions,
} from './consumer-protocol.ts'
import type { Draft } from './draft.ts'
import { type Held, type Member, newStanding, partitionsOf } from './member.ts'
import type { Surroundings } from './subscriptions.ts'
import type { TopicsImage } from './topics.ts'

/**
 * Takes over the members of a classic group with what they were assigned, so that a member of the
 * consumer protocol can join them. Throws GROUP_ID_NOT_FOUND when settings or members forbid it.
 */
export const upgrade = (
  draft: Draft,
  classic: ClassicGroup,
  { topics, settings }: Surroundings,
  nowMs: number,
): void => {
  const allowed =
    settings.migrationPolicy === 'upgrade' || settings.migrationPolicy === 'bidirectional'
  const { groupId, members } = classic
  if (members.length > 0 && (!allowed || classic.protocolType !== 'consumer'))
    throw kafkaError('GROUP_ID_NOT_FOUND', `Group '${groupId}' is not a consumer group.`)
  if (members.length > settings.sizeMax)
    throw kafkaError('GROUP_ID_NOT_FOUND', `Group '${groupId}' is too large for a consumer group.`)

  const epoch = Math.max(1, classic.generationId)
  const taken = new Set<string>()
  const targets = new Map<string, Partitions>()
  const upgraded = members.map((member) => {
    const assigned = heldFrom(decodeAssignment(member.assignment), epoch, topics, taken)
    return memberFromClassic(member, classic.protocolName, epoch, assigned)
  })
  for (const [index, member] of upgraded.entries()) {
    draft.setMember(member)
    targets.set(member.memberId, targetFrom(member.assigned))
    draft.setTimer(member.memberId, 'session', nowMs + members[index]!.sessionTimeoutMs)
  }
  // What they have may be half of a rebalance, and is no target of the topics: one has to be made, also
  // when the member that joins only takes the place of a static one.
  draft.setEpoch(epoch, '')
  draft.setTarget(epoch, 0, targets)
}

/**
 * Hands the group to the classic machine when members of the consumer protocol have left and only
 * classic ones remain; says whether it did.
 */
export const downgradeIfDue = (
  draft: Draft,
  left: readonly Member[],
  { topics, settings }: Surroundings,
): boolean => {
  const { migrationPolicy, classicSizeMax } = settings
  if (migrationPolicy !== 'downgrade' && migrationPolicy !== 'bidirectional') return false
  if (left.every(({ classic }) => classic !== null)) return false
  const remaining = [...draft.members()]
  if (remaining.length === 0 || remaining.length > classicSizeMax) return false
  if (remaining.some(({ classic }) => classic === null)) return false
  draft.events.push({
    kind: 'groupDowngraded',
    classic: {
      groupId: draft.group.groupId,
      generationId: draft.epoch,
      protocolType: 'consumer',
      protocolName: commonProtocol(remaining),
      members: remaining.map((member) => classicMember(member, topics)),
    },
  })
  return true
}

/** The first protocol of the first classic member that all classic members have. */
export const commonProtocol = (members: Iterable<Member>): string | null => {
  const sides = [...members].flatMap(({ classic }) => (classic === null ? [] : [classic.protocols]))
  const shared = sides[0]?.find(({ name }) =>
    sides.every((protocols) => protocols.some((each) => each.name === name)),
  )
  return shared?.name ?? null
}

/** What a classic member may own, as its SyncGroup answers it, in base64. */
export const embeddedAssignment = (member: Member, topics: TopicsImage): string =>
  embedded(member, [member.assigned], topics)

const embedded = (member: Member, parts: readonly Held[], topics: TopicsImage): string => {
  const named = new Map<string, number[]>()
  for (const { topicId, partition } of parts.flatMap((held) => [...partitionsOf(held)])) {
    const topic = topics.byId(topicId)?.name
    if (topic === undefined) continue
    const partitions = named.get(topic)
    if (partitions) partitions.push(partition)
    else named.set(topic, [partition])
  }
  const version = decodeSubscription(member.classic?.protocols[0]?.metadata ?? '').version
  return encodeAssignment(
    version,
    [...named].map(([topic, partitions]) => ({ topic, partitions })),
  )
}

const classicMember = (member: Member, topics: TopicsImage): ClassicGroupMember => ({
  memberId: member.memberId,
  instanceId: member.instanceId,
  clientId: member.clientId,
  clientHost: member.clientHost,
  sessionTimeoutMs: member.classic!.sessionTimeoutMs,
  rebalanceTimeoutMs: member.rebalanceTimeoutMs,
  protocols: member.classic!.protocols,
  // What it has yet to give up it still owns: the group may be taken over again before it has.
  assignment: embedded(member, [member.assigned, member.revoking], topics),
})

const memberFromClassic = (
  member: ClassicGroupMember,
  protocolName: string | null,
  epoch: number,
  assigned: Held,
): Member => {
  const protocol = member.protocols.find(({ name }) => name === protocolName) ?? member.protocols[0]
  const { topics, rackId } = readable(protocol?.metadata)
  return {
    ...newStanding,
    memberId: member.memberId,
    instanceId: member.instanceId,
    rackId,
    clientId: member.clientId,
    clientHost: member.clientHost,
    rebalanceTimeoutMs: member.rebalanceTimeoutMs,
    topicNames: [...new Set(topics)].sort(),
    topicRegex: null,
    serverAssignor: null,
    classic: { sessionTimeoutMs: member.sessionTimeoutMs, protocols: member.protocols },
    epoch,
    previousEpoch: epoch,
    assigned,
  }
}

const readable = (metadata: string | undefined): ReturnType<typeof decodeSubscription> => {
  try {
    return decodeSubscription(metadata ?? '')
  } catch (error) {
    const cause = error instanceof Error ? error.message : ''
    throw kafkaError('GROUP_ID_NOT_FOUND', `The group cannot become a consumer group. ${cause}`)
  }
}

/** Nobody stops a classic leader from giving one partition to two; the first keeps it. */
const heldFrom = (
  assignment: NamedPartitions,
  epoch: number,
  topics: TopicsImage,
  taken: Set<string>,
): Held => {
  const held: Record<Uuid, Record<number, number>> = {}
  for (const { topic, partitions } of assignment) {
    const known = topics.byName(topic)
    for (const partition of known ? partitions : []) {
      const name = `${topic}-${partition}`
      if (taken.has(name) || partition < 0 || partition >= known!.partitionCount) continue
      taken.add(name)
      held[known!.topicId] ??= {}
      held[known!.topicId]![partition] = epoch
    }
  }
  return held
}

const targetFrom = (held: Held): Partitions =>
  Object.fromEntries(
    Object.entries(held).map(([topicId, each]) => [topicId, Object.keys(each).map(Number)]),
  )
