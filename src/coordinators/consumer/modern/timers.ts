import type { Draft } from './draft.ts'
import { leave } from './leave.ts'
import type { Member } from './member.ts'
import type { Surroundings } from './subscriptions.ts'

/** Puts out of the group whoever was not heard of in its session, or did not give up in time. */
export const wake = (draft: Draft, around: Surroundings, nowMs: number): void => {
  const late: Member[] = []
  let nextMs: number | null = null
  for (const [memberId, timers] of draft.group.timers) {
    const endMs = Math.min(...timers.values())
    const member = draft.member(memberId)
    if (member && endMs <= nowMs) late.push(member)
    else if (Number.isFinite(endMs)) nextMs = Math.min(nextMs ?? endMs, endMs)
  }
  leave(draft, late, around, nowMs)
  draft.timersPassed(nextMs)
}

/** Starts every session, and every time to give partitions up, anew: nobody knows what was left. */
export const load = (draft: Draft, { settings }: Surroundings, nowMs: number): void => {
  for (const member of draft.members()) {
    const { memberId, classic, rebalanceTimeoutMs } = member
    const sessionTimeoutMs = classic?.sessionTimeoutMs ?? settings.sessionTimeoutMs
    draft.setTimer(memberId, 'session', nowMs + sessionTimeoutMs)
    if (member.state === 'UNREVOKED_PARTITIONS')
      draft.setTimer(memberId, 'rebalance', nowMs + rebalanceTimeoutMs)
  }
}
