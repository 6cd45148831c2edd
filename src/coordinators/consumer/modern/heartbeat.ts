import { kafkaError, type Uuid } from '#model'
import type { Partitions } from '../assignors/assignors.ts'
import type { HeartbeatCommand, HeartbeatReply } from './commands.ts'
import type { Draft } from './draft.ts'
import { leave, leaveStatic } from './leave.ts'
import { type Held, type Member, partitionsOf, SpecialEpoch, samePartitions } from './member.ts'
import {
  checkMemberEpoch,
  knownMember,
  knownStaticMember,
  newMember,
  refuseUnreleased,
  refuseWhenFull,
  replaceMember,
} from './membership.ts'
import { type Owned, reconcile } from './reconcile.ts'
import { checkRegex } from './regex.ts'
import { checkHeartbeat } from './request-check.ts'
import {
  followRegex,
  type Surroundings,
  sameTexts,
  topicIdsOf,
  updateEpoch,
} from './subscriptions.ts'
import { updateTarget } from './target.ts'

/** Answers a ConsumerGroupHeartbeat: all that a member of the newer protocol says (KIP-848). */
export const heartbeat = (
  draft: Draft,
  command: HeartbeatCommand,
  nowMs: number,
): HeartbeatReply => {
  checkHeartbeat(command)
  const { request } = command
  if (request.memberEpoch !== SpecialEpoch.join && draft.epoch === 0)
    throw kafkaError('GROUP_ID_NOT_FOUND', `There is no consumer group '${request.groupId}'.`)
  if (request.memberEpoch < 0) return goodbye(draft, command, nowMs)

  const before = memberOf(draft, command)
  const joined = draft.member(before.memberId) === undefined
  const updated = withRequest(before, command)
  const resubscribed =
    joined ||
    !sameTexts(before.topicNames, updated.topicNames) ||
    before.topicRegex !== updated.topicRegex
  if (updated.topicRegex !== null && before.topicRegex !== updated.topicRegex)
    checkRegex(updated.topicRegex)
  draft.setMember(updated)
  followRegex(draft, before, updated, command.topics, nowMs)
  updateEpoch(draft, command, resubscribed, nowMs)
  updateTarget(draft, command, nowMs)

  const next = settle(draft, updated, request.topicPartitions, command, nowMs)
  draft.setTimer(next.memberId, 'session', nowMs + command.settings.sessionTimeoutMs)
  const isAsked = request.memberEpoch === SpecialEpoch.join || isFull(command)
  const tells = isAsked || !samePartitions(before.assigned, next.assigned)
  return {
    kind: 'heartbeat',
    memberId: next.memberId,
    memberEpoch: next.epoch,
    heartbeatIntervalMs: command.settings.heartbeatIntervalMs,
    assignment: tells ? numbersOf(next.assigned) : null,
  }
}

/** Reconciles a member, and starts or stops the time that it has to give partitions up. */
export const settle = (
  draft: Draft,
  member: Member,
  owned: Owned | null,
  around: Surroundings,
  nowMs: number,
): Member => {
  const subscribed = new Set(topicIdsOf(draft, member, around.topics))
  const next = reconcile(draft, member, owned, subscribed)
  if (next === member) return member
  draft.setMember(next)
  const mustGiveUp = next.state === 'UNREVOKED_PARTITIONS'
  const endMs = nowMs + next.rebalanceTimeoutMs
  draft.setTimer(next.memberId, 'rebalance', mustGiveUp ? endMs : null)
  return next
}

/** The partitions of a set without their epochs, ascending. */
export const numbersOf = (held: Held): Partitions => {
  const numbers: Record<Uuid, number[]> = {}
  for (const { topicId, partition } of partitionsOf(held)) {
    numbers[topicId] ??= []
    numbers[topicId].push(partition)
  }
  for (const partitions of Object.values(numbers)) partitions.sort((left, right) => left - right)
  return numbers
}

const goodbye = (draft: Draft, command: HeartbeatCommand, nowMs: number): HeartbeatReply => {
  const { memberId, memberEpoch, instanceId } = command.request
  const member =
    instanceId === null
      ? knownMember(draft, memberId)
      : knownStaticMember(draft, memberId, instanceId)
  if (memberEpoch === SpecialEpoch.leaveStatic) leaveStatic(draft, member)
  else leave(draft, [member], command, nowMs)
  return { kind: 'heartbeat', memberId, memberEpoch, heartbeatIntervalMs: 0, assignment: null }
}

/** The member that speaks, be it a new one. Throws what a member hears that may not speak. */
const memberOf = (draft: Draft, { request, newMemberId, settings }: HeartbeatCommand): Member => {
  const { memberEpoch, instanceId, topicPartitions } = request
  const memberId = request.memberId === '' ? newMemberId : request.memberId
  const joins = memberEpoch === SpecialEpoch.join
  if (!joins) {
    const member =
      instanceId === null
        ? knownMember(draft, memberId)
        : knownStaticMember(draft, memberId, instanceId)
    checkMemberEpoch(member, memberEpoch, topicPartitions)
    return member
  }
  refuseWhenFull(draft, settings.sizeMax, memberId, instanceId)
  if (instanceId === null) return draft.member(memberId) ?? newMember(memberId, null)
  const holder = draft.memberByInstance(instanceId)
  if (!holder) return newMember(memberId, instanceId)
  if (holder.memberId === memberId) return holder
  if (holder.classic === null) refuseUnreleased(holder, memberId)
  return replaceMember(draft, holder, memberId)
}

const withRequest = (member: Member, command: HeartbeatCommand): Member => {
  const { request, clientId, clientHost } = command
  const { rebalanceTimeoutMs, subscribedTopicNames, serverAssignor } = request
  const regex = request.subscribedTopicRegex ?? null
  const names = subscribedTopicNames && [...new Set(subscribedTopicNames)].sort()
  return {
    ...member,
    rackId: request.rackId ?? member.rackId,
    clientId,
    clientHost,
    rebalanceTimeoutMs: rebalanceTimeoutMs === -1 ? member.rebalanceTimeoutMs : rebalanceTimeoutMs,
    topicNames: names === null || sameTexts(names, member.topicNames) ? member.topicNames : names,
    topicRegex: regex === null ? member.topicRegex : regex === '' ? null : regex,
    serverAssignor: serverAssignor ?? member.serverAssignor,
    classic: null,
  }
}

/**
 * Whether the member says all of itself, as after an answer that it did not get. One in the middle
 * of taking partitions may keep silent about what it owns; Kafka does not count its request as full.
 */
const isFull = ({ request }: HeartbeatCommand): boolean =>
  request.rebalanceTimeoutMs !== -1 &&
  (request.subscribedTopicNames !== null || (request.subscribedTopicRegex ?? null) !== null)
