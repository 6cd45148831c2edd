import { kafkaError } from '#model'
import type { ClassicReply, JoinCommand, JoinedReply } from './commands.ts'
import { type ClassicDraft, sameProtocols } from './draft.ts'
import { removeMembers } from './leave.ts'
import { newMemberJoinMs, pendingMembersMax } from './limits.ts'
import { everyone, joinedReply, knownClassicMember, renewSession } from './members.ts'
import { mostWanted, rebalance } from './rebalance.ts'
import type { ClassicMember, ClassicMemberFacts } from './state.ts'

/** Takes a member in, or calls it to the next generation. Null parks the JoinGroup. */
export const join = (
  draft: ClassicDraft,
  command: JoinCommand,
  nowMs: number,
): ClassicReply | null => {
  refuseOddTimeout(command)
  const { memberId } = command
  if (memberId !== '' && !draft.state.exists && !draft.isPending(memberId))
    throw kafkaError('UNKNOWN_MEMBER_ID')
  if (isFull(draft, command)) return turnAway(draft, memberId, nowMs)
  refuseOddProtocols(draft, command)
  if (memberId === '') return joinAsNew(draft, command, nowMs)
  if (draft.isPending(memberId) && command.instanceId === null)
    return admit(draft, command, memberId, nowMs)
  return joinAgain(draft, command, knownClassicMember(draft, command), nowMs)
}

const refuseOddTimeout = ({ sessionTimeoutMs, settings }: JoinCommand): void => {
  const { sessionTimeoutMinMs, sessionTimeoutMaxMs } = settings
  if (sessionTimeoutMs < sessionTimeoutMinMs || sessionTimeoutMs > sessionTimeoutMaxMs)
    throw kafkaError(
      'INVALID_SESSION_TIMEOUT',
      `The session timeout must lie between ${sessionTimeoutMinMs} and ${sessionTimeoutMaxMs} ms.`,
    )
}

/** Who takes the place of a static member makes the group no larger (Kafka turns it away). */
const isFull = (draft: ClassicDraft, command: JoinCommand): boolean => {
  const { memberId, instanceId, settings } = command
  const { phase } = draft.facts
  if (phase === 'Empty') return false
  const member =
    memberId === '' && instanceId !== null
      ? draft.memberByInstance(instanceId)
      : draft.member(memberId)
  if (phase !== 'PreparingRebalance') return !member && draft.memberCount >= settings.sizeMax
  // Who comes first stays: those who have not come again yet may be gone.
  return (member?.waits.join ?? null) === null && draft.joinedCount >= settings.sizeMax
}

/** A member that others were faster than is none any longer, and is not waited for. */
const turnAway = (draft: ClassicDraft, memberId: string, nowMs: number): ClassicReply => {
  if (draft.member(memberId)) removeMembers(draft, [memberId], nowMs)
  return {
    kind: 'refused',
    error: 'GROUP_MAX_SIZE_REACHED',
    message: 'The group has as many members as it may have.',
  }
}

const refuseOddProtocols = (draft: ClassicDraft, command: JoinCommand): void => {
  const { protocolType, protocols } = command
  const isPossible =
    draft.facts.phase === 'Empty'
      ? protocolType !== '' && protocols.length > 0
      : draft.facts.protocolType === protocolType &&
        protocols.some(({ name }) => (draft.state.offers.get(name) ?? 0) === draft.memberCount)
  if (!isPossible) throw kafkaError('INCONSISTENT_GROUP_PROTOCOL')
}

const joinAsNew = (
  draft: ClassicDraft,
  command: JoinCommand,
  nowMs: number,
): ClassicReply | null => {
  const { instanceId, newMemberId, requiresKnownMemberId, sessionTimeoutMs } = command
  const holder = instanceId === null ? undefined : draft.memberByInstance(instanceId)
  if (holder) return takeOver(draft, command, holder, nowMs)
  if (instanceId !== null || !requiresKnownMemberId)
    return admit(draft, command, newMemberId, nowMs)
  const [oldest] = draft.state.pending.keys()
  if (draft.pendingCount >= pendingMembersMax && oldest !== undefined)
    draft.setPending(oldest, null)
  draft.setPending(newMemberId, nowMs + sessionTimeoutMs)
  return {
    kind: 'refused',
    error: 'MEMBER_ID_REQUIRED',
    message: 'The member has to come again with the id that it is given.',
    memberId: newMemberId,
  }
}

/** Takes a member in that the group has not had before. */
const admit = (
  draft: ClassicDraft,
  command: JoinCommand,
  memberId: string,
  nowMs: number,
): null => {
  if (draft.isPending(memberId)) draft.setPending(memberId, null)
  if (draft.facts.phase === 'Empty') draft.setFacts({ protocolType: command.protocolType })
  draft.setMember(factsOf(command, memberId))
  draft.setWaits(memberId, { join: command.ticket, isNew: true })
  draft.setSession(memberId, nowMs + newMemberJoinMs)
  const { deadline } = draft
  if (deadline?.kind === 'initial') draft.setDeadline({ ...deadline, hasNewMember: true })
  rebalance(draft, command.settings, nowMs)
  return null
}

const joinAgain = (
  draft: ClassicDraft,
  command: JoinCommand,
  member: ClassicMember,
  nowMs: number,
): ClassicReply | null => {
  const { phase, leaderId } = draft.facts
  const isSame = sameProtocols(member, command)
  // It may have missed the answer; a leader that comes again asks for another assignment, however.
  const knowsAll = phase === 'CompletingRebalance' || leaderId !== member.memberId
  if (phase === 'PreparingRebalance' || !isSame || !knowsAll)
    return park(draft, command, member.memberId, nowMs)
  draft.setMember(factsOf(command, member.memberId))
  renewSession(draft, draft.member(member.memberId)!, nowMs)
  return joinedReply(draft, member.memberId)
}

/** Parks the JoinGroup of a member until all have come. One that it had parked before is let go. */
const park = (draft: ClassicDraft, command: JoinCommand, memberId: string, nowMs: number): null => {
  draft.answerJoin(memberId, {
    kind: 'refused',
    error: 'REBALANCE_IN_PROGRESS',
    message: 'The member has joined again since.',
  })
  draft.setMember(factsOf(command, memberId))
  draft.setWaits(memberId, { join: command.ticket })
  renewSession(draft, draft.member(memberId)!, nowMs)
  rebalance(draft, command.settings, nowMs)
  return null
}

/**
 * Lets a static member that was started again take the place of what it was before (KIP-345). In a
 * stable group that goes on with the same protocol nobody else notices.
 */
const takeOver = (
  draft: ClassicDraft,
  command: JoinCommand,
  before: ClassicMember,
  nowMs: number,
): ClassicReply | null => {
  const memberId = command.newMemberId
  const wasLeader = draft.facts.leaderId === before.memberId
  draft.refuseParked(before.memberId, 'FENCED_INSTANCE_ID', 'Another has taken the place.')
  const { isNew, owesSync } = draft.member(before.memberId)!.waits
  draft.removeMember(before.memberId)
  draft.setMember(factsOf(command, memberId))
  draft.assign([{ memberId, assignment: before.assignment }])
  draft.setWaits(memberId, { isNew, owesSync })
  if (wasLeader) draft.setFacts({ leaderId: memberId })
  const { phase, protocolName } = draft.facts
  if (phase !== 'Stable' || protocolName !== mostWanted([...draft.members()]))
    return park(draft, command, memberId, nowMs)
  renewSession(draft, draft.member(memberId)!, nowMs)
  return tookOverReply(draft, command, before.memberId, memberId, wasLeader)
}

/**
 * A leader is told so only when it can also be told to leave the assignment as it is (KIP-814); an older
 * one hears that its former id leads, and does not assign.
 */
const tookOverReply = (
  draft: ClassicDraft,
  { canSkipAssignment }: JoinCommand,
  oldMemberId: string,
  memberId: string,
  wasLeader: boolean,
): JoinedReply => {
  const reply = joinedReply(draft, memberId)
  if (!wasLeader) return reply
  if (canSkipAssignment) return { ...reply, skipAssignment: true, members: everyone(draft) }
  return { ...reply, leaderId: oldMemberId, members: [] }
}

const factsOf = (command: JoinCommand, memberId: string): ClassicMemberFacts => ({
  memberId,
  instanceId: command.instanceId,
  clientId: command.clientId,
  clientHost: command.clientHost,
  sessionTimeoutMs: command.sessionTimeoutMs,
  rebalanceTimeoutMs: command.rebalanceTimeoutMs,
  protocols: command.protocols,
})
