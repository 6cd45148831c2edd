import { kafkaError } from '#model'
import type { Draft } from './draft.ts'
import { type Member, newStanding, SpecialEpoch } from './member.ts'
import type { Owned } from './reconcile.ts'

/** Returns the member of that id. Throws UNKNOWN_MEMBER_ID. */
export const knownMember = (draft: Draft, memberId: string): Member => {
  const member = draft.member(memberId)
  if (member) return member
  throw kafkaError('UNKNOWN_MEMBER_ID', `Member ${memberId} is not a member of the group.`)
}

/**
 * Returns the member that goes by a static name, which must have this id. Throws UNKNOWN_MEMBER_ID
 * when nobody has the name and FENCED_INSTANCE_ID when another took it (KIP-345).
 */
export const knownStaticMember = (draft: Draft, memberId: string, instanceId: string): Member => {
  const member = draft.memberByInstance(instanceId)
  if (!member)
    throw kafkaError('UNKNOWN_MEMBER_ID', `Instance id ${instanceId} is unknown to the group.`)
  if (member.memberId === memberId) return member
  throw kafkaError(
    'FENCED_INSTANCE_ID',
    `Static member ${memberId} with instance id ${instanceId} was fenced by member ${member.memberId}.`,
  )
}

/** A member that has just come, with nothing yet. */
export const newMember = (memberId: string, instanceId: string | null): Member => ({
  ...newStanding,
  memberId,
  instanceId,
  rackId: null,
  clientId: '',
  clientHost: '',
  rebalanceTimeoutMs: -1,
  topicNames: [],
  topicRegex: null,
  serverAssignor: null,
  classic: null,
})

/**
 * Puts a new member in the place of the one that had its static name: with what that one held and was
 * meant to hold, and its subscription, so that nothing is rebalanced.
 */
export const replaceMember = (draft: Draft, before: Member, memberId: string): Member => {
  const target = draft.targetOf(before.memberId)
  draft.removeMember(before.memberId)
  const next: Member = { ...before, memberId, epoch: 0, previousEpoch: -1, revoking: {} }
  draft.setMember(next)
  draft.setTarget(draft.targetEpoch, draft.targetAtMs, new Map([[memberId, target]]))
  return next
}

/** Refuses a further member of a full group: GROUP_MAX_SIZE_REACHED. */
export const refuseWhenFull = (
  draft: Draft,
  sizeMax: number,
  memberId: string,
  instanceId: string | null,
): void => {
  if (draft.memberCount() < sizeMax || draft.member(memberId)) return
  if (instanceId !== null && draft.memberByInstance(instanceId)) return
  throw kafkaError('GROUP_MAX_SIZE_REACHED', `The group has its ${sizeMax} members already.`)
}

/** Refuses a name whose last holder has not left: UNRELEASED_INSTANCE_ID. */
export const refuseUnreleased = (before: Member, memberId: string): void => {
  if (before.epoch === SpecialEpoch.leaveStatic) return
  throw kafkaError(
    'UNRELEASED_INSTANCE_ID',
    `Static member ${memberId} cannot take instance id ${before.instanceId} while ${before.memberId} uses it.`,
  )
}

/**
 * Refuses an epoch that is not the member's: FENCED_MEMBER_EPOCH. The epoch before is good as long as
 * the member owns nothing but what it was given: the answer with the newer one was lost.
 */
export const checkMemberEpoch = (member: Member, epoch: number, owned: Owned | null): void => {
  if (epoch > member.epoch)
    throw kafkaError(
      'FENCED_MEMBER_EPOCH',
      `The member has epoch ${epoch}, beyond ${member.epoch}: it must give up all and rejoin.`,
    )
  if (epoch === member.epoch) return
  const within = owned?.every(({ topicId, partitions }) =>
    partitions.every((partition) => member.assigned[topicId]?.[partition] !== undefined),
  )
  if (epoch === member.previousEpoch && within) return
  throw kafkaError(
    'FENCED_MEMBER_EPOCH',
    `The member has epoch ${epoch}, behind ${member.epoch}: it must give up all and rejoin.`,
  )
}
