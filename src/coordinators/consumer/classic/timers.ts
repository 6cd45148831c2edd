import type { ClassicDraft } from './draft.ts'
import { removeMembers } from './leave.ts'
import { renewSession } from './members.ts'
import { complete, completeIfAllJoined, endInitialDelay, rebalanceWithout } from './rebalance.ts'

/** Puts out who was not heard of in its session, and ends waits that are over. */
export const wake = (draft: ClassicDraft, nowMs: number): void => {
  for (const [memberId, endMs] of draft.state.pending)
    if (endMs <= nowMs) draft.setPending(memberId, null)
  const late = [...draft.state.sessions]
    .filter(([memberId, endMs]) => endMs <= nowMs && mayBePutOut(draft, memberId))
    .map(([memberId]) => memberId)
  removeMembers(draft, late, nowMs)
  endDeadline(draft, nowMs)
  if (draft.facts.phase === 'PreparingRebalance' && draft.deadline?.kind === 'join')
    completeIfAllJoined(draft, nowMs)
  draft.timersPassed(nextTimer(draft, nowMs))
}

/** Who waits for an answer cannot send heartbeats; one that is new may have gone without leaving. */
const mayBePutOut = (draft: ClassicDraft, memberId: string): boolean => {
  const waits = draft.member(memberId)?.waits
  return waits !== undefined && (waits.isNew || (waits.join === null && waits.sync === null))
}

const endDeadline = (draft: ClassicDraft, nowMs: number): void => {
  const { deadline } = draft
  if (!deadline || deadline.endMs > nowMs) return
  if (deadline.kind === 'initial') endInitialDelay(draft, null, nowMs)
  else if (deadline.kind === 'join') complete(draft, nowMs)
  else putOutSilent(draft, nowMs)
}

const putOutSilent = (draft: ClassicDraft, nowMs: number): void => {
  draft.setDeadline(null)
  const silent = [...draft.members()].filter(({ waits }) => waits.owesSync)
  removeMembers(
    draft,
    silent.map(({ memberId }) => memberId),
    nowMs,
  )
}

/** Looks through all timers, as they will be after the events so far, for the earliest. */
const nextTimer = (draft: ClassicDraft, nowMs: number): number | null => {
  const sessions = new Map(draft.state.sessions)
  const pending = new Map<string, number | null>(draft.state.pending)
  for (const event of draft.events)
    if (event.kind === 'sessionSet') sessions.set(event.memberId, event.endMs)
    else if (event.kind === 'pendingSet') pending.set(event.memberId, event.endMs)
  let nextMs = draft.deadline?.endMs ?? Number.POSITIVE_INFINITY
  for (const endMs of pending.values()) if (endMs !== null) nextMs = Math.min(nextMs, endMs)
  for (const [memberId, endMs] of sessions) {
    const member = draft.member(memberId)
    // The session of one that waits has no end until it is answered: look again after it would have.
    if (member) nextMs = Math.min(nextMs, endMs > nowMs ? endMs : nowMs + member.sessionTimeoutMs)
  }
  return Number.isFinite(nextMs) ? nextMs : null
}

/** Starts every session, and what the group waits for, anew: nobody knows what was left. */
export const load = (draft: ClassicDraft, nowMs: number): void => {
  let longestMs = 0
  for (const member of [...draft.members()]) {
    renewSession(draft, member, nowMs)
    longestMs = Math.max(longestMs, member.rebalanceTimeoutMs)
    if (draft.facts.phase === 'CompletingRebalance')
      draft.setWaits(member.memberId, { owesSync: true })
  }
  const { phase } = draft.facts
  if (phase === 'PreparingRebalance') draft.setDeadline({ kind: 'join', endMs: nowMs + longestMs })
  if (phase === 'CompletingRebalance') draft.setDeadline({ kind: 'sync', endMs: nowMs + longestMs })
  if (draft.memberCount === 0) rebalanceWithout(draft, nowMs)
}
