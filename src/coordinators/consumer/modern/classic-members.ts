// Members that still speak the classic protocol in a consumer group: for each of its requests, what the
// newer protocol says to it. Nothing is parked; a member that has to come again is told so (KIP-848).
import { type ErrorName, KafkaError, kafkaError } from '#model'
import type {
  ClassicHeartbeatCommand,
  ClassicJoinCommand,
  ClassicJoinedReply,
  ClassicLeaveCommand,
  ClassicLeftReply,
  ClassicSyncCommand,
  ClassicSyncedReply,
  RefusedReply,
} from './commands.ts'
import { decodeSubscription, type NamedPartitions } from './consumer-protocol.ts'
import type { Draft } from './draft.ts'
import { settle } from './heartbeat.ts'
import { leave } from './leave.ts'
import type { ClassicProtocol, Member } from './member.ts'
import {
  knownMember,
  knownStaticMember,
  newMember,
  refuseWhenFull,
  replaceMember,
} from './membership.ts'
import { commonProtocol, downgradeIfDue, embeddedAssignment } from './migration.ts'
import type { Owned } from './reconcile.ts'
import { followRegex, sameTexts, updateEpoch } from './subscriptions.ts'
import { updateTarget } from './target.ts'
import type { TopicsImage } from './topics.ts'

/** Answers a JoinGroup at once: the member's generation is its epoch, and nobody leads. */
export const classicJoin = (
  draft: Draft,
  command: ClassicJoinCommand,
  nowMs: number,
): ClassicJoinedReply | RefusedReply => {
  const { instanceId, newMemberId, protocols, settings, topics } = command
  refuseOddProtocols(draft, command)
  refuseWhenFull(draft, settings.sizeMax, command.memberId, instanceId)
  if (command.memberId === '' && instanceId === null && command.requiresKnownMemberId)
    return {
      kind: 'refused',
      error: 'MEMBER_ID_REQUIRED',
      message: 'The member has to come again with the id that it is given.',
      memberId: newMemberId,
    }

  const subscription = decodeSubscription(protocols[0]!.metadata)
  const replaced = instanceId === null ? undefined : draft.memberByInstance(instanceId)
  const before = joiningMember(draft, command, subscription.ownedPartitions.length > 0)
  const joined = draft.member(before.memberId) === undefined
  const topicNames = [...new Set(subscription.topics)].sort()
  const updated: Member = {
    ...before,
    rackId: subscription.rackId,
    clientId: command.clientId,
    clientHost: command.clientHost,
    rebalanceTimeoutMs: command.rebalanceTimeoutMs,
    topicNames,
    topicRegex: null,
    serverAssignor: null,
    classic: { sessionTimeoutMs: command.sessionTimeoutMs, protocols },
  }
  draft.setMember(updated)
  followRegex(draft, before, updated, topics, nowMs)
  const resubscribed = joined || !sameTexts(before.topicNames, topicNames)
  updateEpoch(draft, command, resubscribed || before.topicRegex !== null, nowMs)
  updateTarget(draft, command, nowMs)
  const owned = ownedByIds(subscription.ownedPartitions, topics)
  const next = settle(draft, updated, owned, command, nowMs)
  draft.setTimer(next.memberId, 'session', nowMs + command.sessionTimeoutMs)
  draft.setTimer(next.memberId, 'join', null)
  draft.setTimer(next.memberId, 'sync', nowMs + command.rebalanceTimeoutMs)
  if (replaced) downgradeIfDue(draft, [replaced], command)
  return {
    kind: 'classicJoined',
    memberId: next.memberId,
    generationId: next.epoch,
    protocolType: 'consumer',
    protocolName: commonProtocol([next, ...draft.members()]) ?? protocols[0]!.name,
  }
}

/** Answers a SyncGroup with what the member may own now. */
export const classicSync = (
  draft: Draft,
  command: ClassicSyncCommand,
  nowMs: number,
): ClassicSyncedReply => {
  const member = classicMemberOf(draft, command)
  const protocolName = commonProtocol([member, ...draft.members()]) ?? ''
  const { protocolType } = command
  if (
    (protocolType !== null && protocolType !== 'consumer') ||
    (command.protocolName !== null && command.protocolName !== protocolName)
  )
    throw kafkaError('INCONSISTENT_GROUP_PROTOCOL')
  renewSession(draft, member, nowMs)
  updateEpoch(draft, command, false, nowMs)
  updateTarget(draft, command, nowMs)
  // One that must give partitions up has joined already; it comes again when it has done so.
  if (member.state !== 'UNREVOKED_PARTITIONS' && member.epoch < draft.targetEpoch)
    throw kafkaError('REBALANCE_IN_PROGRESS')
  draft.setTimer(member.memberId, 'sync', null)
  const assignment = embeddedAssignment(member, command.topics)
  return { kind: 'classicSynced', protocolType: 'consumer', protocolName, assignment }
}

/** Answers a Heartbeat; says whether the member has to join again for its next assignment. */
export const classicHeartbeat = (
  draft: Draft,
  command: ClassicHeartbeatCommand,
  nowMs: number,
): RefusedReply | { readonly kind: 'done' } => {
  const member = classicMemberOf(draft, command)
  renewSession(draft, member, nowMs)
  updateEpoch(draft, command, false, nowMs)
  updateTarget(draft, command, nowMs)
  if (!mustRejoin(draft, member)) return { kind: 'done' }
  if (!draft.group.timers.get(member.memberId)?.has('join'))
    draft.setTimer(member.memberId, 'join', nowMs + member.rebalanceTimeoutMs)
  return {
    kind: 'refused',
    error: 'REBALANCE_IN_PROGRESS',
    message: 'The member has to join again.',
  }
}

/** Takes classic members out; a static one may be named by its instance id alone. */
export const classicLeave = (
  draft: Draft,
  command: ClassicLeaveCommand,
  nowMs: number,
): ClassicLeftReply => {
  const leaving = new Map<string, Member>()
  const members = command.members.map(({ memberId, instanceId }) => {
    try {
      const member = leavingMember(draft, memberId, instanceId)
      if (leaving.has(member.memberId)) throw kafkaError('UNKNOWN_MEMBER_ID')
      leaving.set(member.memberId, member)
      return { memberId: member.memberId, instanceId, error: 'NONE' as ErrorName }
    } catch (error) {
      if (!(error instanceof KafkaError)) throw error
      return { memberId, instanceId, error: error.errorName }
    }
  })
  leave(draft, [...leaving.values()], command, nowMs)
  return { kind: 'classicLeft', members }
}

const leavingMember = (draft: Draft, memberId: string, instanceId: string | null): Member => {
  if (instanceId !== null) {
    const named = memberId === '' ? draft.memberByInstance(instanceId)?.memberId : memberId
    return knownStaticMember(draft, named ?? '', instanceId)
  }
  const member = knownMember(draft, memberId)
  if (member.classic === null) throw kafkaError('UNKNOWN_MEMBER_ID')
  return member
}

/**
 * A member that was put out may not come back with what it owned: with a new generation it could commit
 * for partitions that are another's by now. It hears UNKNOWN_MEMBER_ID, and gives them up.
 */
const joiningMember = (
  draft: Draft,
  command: ClassicJoinCommand,
  ownsPartitions: boolean,
): Member => {
  const { instanceId, memberId, newMemberId } = command
  const id = memberId === '' ? newMemberId : memberId
  if (instanceId === null)
    return ownsPartitions ? knownMember(draft, id) : (draft.member(id) ?? newMember(id, null))
  const holder = draft.memberByInstance(instanceId)
  if (memberId !== '') return knownStaticMember(draft, memberId, instanceId)
  return holder ? replaceMember(draft, holder, id) : newMember(id, instanceId)
}

const refuseOddProtocols = (draft: Draft, command: ClassicJoinCommand): void => {
  const others: Member[] = []
  for (const member of draft.members())
    if (member.memberId !== command.memberId) others.push(member)
  const isPossible = (protocols: readonly ClassicProtocol[]): boolean =>
    commonProtocol([
      { classic: { sessionTimeoutMs: 0, protocols } } as unknown as Member,
      ...others,
    ]) !== null
  if (command.protocolType !== 'consumer' || !isPossible(command.protocols))
    throw kafkaError('INCONSISTENT_GROUP_PROTOCOL')
}

const classicMemberOf = (
  draft: Draft,
  command: ClassicSyncCommand | ClassicHeartbeatCommand,
): Member => {
  const { memberId, instanceId, generationId } = command
  const member =
    instanceId === null
      ? knownMember(draft, memberId)
      : knownStaticMember(draft, memberId, instanceId)
  if (member.classic === null) throw kafkaError('UNKNOWN_MEMBER_ID')
  if (member.epoch !== generationId) throw kafkaError('ILLEGAL_GENERATION')
  return member
}

const renewSession = (draft: Draft, member: Member, nowMs: number): void => {
  draft.setTimer(member.memberId, 'session', nowMs + member.classic!.sessionTimeoutMs)
}

const mustRejoin = (draft: Draft, member: Member): boolean => {
  if (member.epoch < draft.targetEpoch || member.state === 'UNREVOKED_PARTITIONS') return true
  if (member.state === 'STABLE') return false
  for (const [topicId, partitions] of Object.entries(draft.targetOf(member.memberId)))
    for (const partition of partitions)
      if (
        member.assigned[topicId]?.[partition] === undefined &&
        !draft.isHeldByOther(member.memberId, topicId, partition)
      )
        return true
  return false
}

const ownedByIds = (owned: NamedPartitions, topics: TopicsImage): Owned =>
  owned.flatMap(({ topic, partitions }) => {
    const known = topics.byName(topic)
    return known ? [{ topicId: known.topicId, partitions }] : []
  })
