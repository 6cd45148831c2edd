// From one generation to the next: all members are called, wait for each other, and are told.
import type { ClassicDraft } from './draft.ts'
import { joinedReply, renewSession } from './members.ts'
import type { ClassicSettings } from './settings.ts'
import type { ClassicMember } from './state.ts'

/** Calls the members together unless they are being called, and ends the wait when all are there. */
export const rebalance = (
  draft: ClassicDraft,
  settings: ClassicSettings | null,
  nowMs: number,
): void => {
  if (draft.facts.phase !== 'PreparingRebalance') prepare(draft, settings, nowMs)
  else if (draft.deadline?.kind !== 'initial') completeIfAllJoined(draft, nowMs)
}

/** As `rebalance`, after a member has gone. */
export const rebalanceWithout = (draft: ClassicDraft, nowMs: number): void => {
  if (draft.facts.phase !== 'Empty') rebalance(draft, null, nowMs)
}

const prepare = (draft: ClassicDraft, settings: ClassicSettings | null, nowMs: number): void => {
  const isFirst = draft.facts.phase === 'Empty'
  for (const { memberId, waits } of [...draft.members()]) {
    if (waits.sync !== null)
      draft.answerSync(memberId, {
        kind: 'refused',
        error: 'REBALANCE_IN_PROGRESS',
        message: 'The group begins another rebalance.',
      })
    if (waits.owesSync) draft.setWaits(memberId, { owesSync: false })
  }
  draft.setFacts({ phase: 'PreparingRebalance', emptySinceMs: null })
  if (isFirst && settings) {
    const delayMs = Math.max(0, settings.initialRebalanceDelayMs)
    const remainingMs = Math.max(0, rebalanceTimeoutOf(draft) - delayMs)
    const endMs = nowMs + delayMs
    draft.setDeadline({ kind: 'initial', endMs, delayMs, remainingMs, hasNewMember: false })
    return
  }
  draft.setDeadline({ kind: 'join', endMs: nowMs + rebalanceTimeoutOf(draft) })
  completeIfAllJoined(draft, nowMs)
}

/** Ends the wait when nobody is missing, and nobody has been given an id to come back with. */
export const completeIfAllJoined = (draft: ClassicDraft, nowMs: number): void => {
  if (draft.joinedCount === draft.memberCount && draft.pendingCount === 0) complete(draft, nowMs)
}

/** Draws the first rebalance out while members keep coming, at most for a rebalance timeout in all. */
export const endInitialDelay = (
  draft: ClassicDraft,
  settings: ClassicSettings | null,
  nowMs: number,
): void => {
  const { deadline } = draft
  if (deadline?.kind !== 'initial') return
  if (!deadline.hasNewMember || deadline.remainingMs <= 0) {
    complete(draft, nowMs)
    return
  }
  const pauseMs = settings?.initialRebalanceDelayMs ?? deadline.delayMs
  const delayMs = Math.min(pauseMs, deadline.remainingMs)
  draft.setDeadline({
    kind: 'initial',
    endMs: nowMs + delayMs,
    delayMs,
    remainingMs: Math.max(0, deadline.remainingMs - deadline.delayMs),
    hasNewMember: false,
  })
}

/** Begins the next generation with those who are there; a static member may be missing. */
export const complete = (draft: ClassicDraft, nowMs: number): void => {
  for (const { memberId, instanceId, waits } of [...draft.members()])
    if (waits.join === null && instanceId === null) draft.removeMember(memberId)
  if (draft.memberCount === 0) {
    becomeEmpty(draft, nowMs)
    return
  }
  const leaderId = leaderOf(draft)
  if (leaderId === null) {
    // Only static members are left, and none has come yet: their sessions say how long to wait.
    draft.setDeadline({ kind: 'join', endMs: nowMs + rebalanceTimeoutOf(draft) })
    return
  }
  const members = [...draft.members()]
  draft.setFacts({
    phase: 'CompletingRebalance',
    generationId: nextGeneration(draft),
    protocolName: mostWanted(members),
    leaderId,
  })
  for (const member of members) {
    const { memberId } = member
    if (member.waits.join !== null) {
      draft.answerJoin(memberId, joinedReply(draft, memberId))
      renewSession(draft, member, nowMs)
    }
    draft.setWaits(memberId, { isNew: false, owesSync: true })
  }
  draft.setDeadline({ kind: 'sync', endMs: nowMs + rebalanceTimeoutOf(draft) })
}

/** Generations wrap rather than grow beyond what the wire can say. */
const nextGeneration = (draft: ClassicDraft): number =>
  draft.facts.generationId >= 2 ** 31 - 1 ? 1 : draft.facts.generationId + 1

const becomeEmpty = (draft: ClassicDraft, nowMs: number): void => {
  draft.setFacts({
    phase: 'Empty',
    generationId: nextGeneration(draft),
    protocolName: null,
    leaderId: null,
    emptySinceMs: nowMs,
  })
  draft.setDeadline(null)
}

/** The leader so far if it has joined, else the first who has. */
const leaderOf = (draft: ClassicDraft): string | null => {
  const { leaderId } = draft.facts
  if (leaderId !== null && draft.member(leaderId)?.waits.join != null) return leaderId
  for (const { memberId, waits } of draft.members()) if (waits.join !== null) return memberId
  return null
}

/** How long members may take: as long as the most patient of them asks for. */
const rebalanceTimeoutOf = (draft: ClassicDraft): number => {
  let longestMs = 0
  for (const { rebalanceTimeoutMs } of draft.members())
    longestMs = Math.max(longestMs, rebalanceTimeoutMs)
  return longestMs
}

/** Each member votes for what it prefers of that which all support. Of equals the first named wins. */
export const mostWanted = (members: readonly ClassicMember[]): string => {
  const offers = new Map<string, number>()
  for (const { protocols } of members)
    for (const { name } of protocols) offers.set(name, (offers.get(name) ?? 0) + 1)
  const votes = new Map<string, number>()
  for (const { protocols } of members) {
    const choice = protocols.find(({ name }) => offers.get(name) === members.length)
    if (choice) votes.set(choice.name, (votes.get(choice.name) ?? 0) + 1)
  }
  let winner = ''
  for (const [name, count] of votes) if (count > (votes.get(winner) ?? 0)) winner = name
  return winner
}
