import type { Draft } from './draft.ts'
import { type Member, SpecialEpoch } from './member.ts'
import { downgradeIfDue } from './migration.ts'
import { followRegex, type Surroundings, updateEpoch } from './subscriptions.ts'

/** Takes members out of the group; the others are given their partitions in the next target. */
export const leave = (
  draft: Draft,
  members: readonly Member[],
  around: Surroundings,
  nowMs: number,
): void => {
  if (members.length === 0) return
  for (const { memberId } of members) draft.removeMember(memberId)
  for (const member of members) followRegex(draft, member, undefined, around.topics, nowMs)
  if (downgradeIfDue(draft, members, around)) return
  updateEpoch(draft, around, true, nowMs)
}

/**
 * Lets a static member go for a while: it keeps what it holds until its session ends, and whoever comes
 * with its name before takes it over (KIP-345).
 */
export const leaveStatic = (draft: Draft, member: Member): void => {
  draft.setMember({
    ...member,
    epoch: SpecialEpoch.leaveStatic,
    previousEpoch: member.epoch,
    revoking: {},
  })
  draft.setTimer(member.memberId, 'rebalance', null)
}
