import type { ClassicEvent } from './events.ts'
import {
  type ClassicMember,
  type ClassicMemberFacts,
  type ClassicState,
  newClassicFacts,
  noWaits,
} from './state.ts'

/** Changes the group by one event: the live path and the load from the store share it. */
export const applyClassic = (state: ClassicState, event: ClassicEvent): void => {
  switch (event.kind) {
    case 'groupChanged':
      state.exists = true
      state.facts = event.facts
      return
    case 'memberChanged':
      put(state, { ...existing(state, event.member), ...event.member })
      return
    case 'memberRemoved':
      remove(state, event.memberId)
      return
    case 'assigned':
      for (const { memberId, assignment } of event.assignments) {
        const member = state.members.get(memberId)
        if (member) state.members.set(memberId, { ...member, assignment })
      }
      return
    case 'groupRemoved':
      empty(state)
      return
    case 'waitsSet': {
      const member = state.members.get(event.memberId)
      if (member) put(state, { ...member, waits: event.waits })
      return
    }
    case 'sessionSet':
      if (!state.members.has(event.memberId)) return
      state.sessions.set(event.memberId, event.endMs)
      state.wakeAtMs = Math.min(state.wakeAtMs, event.endMs)
      return
    case 'pendingSet':
      if (event.endMs === null) state.pending.delete(event.memberId)
      else {
        state.pending.set(event.memberId, event.endMs)
        state.wakeAtMs = Math.min(state.wakeAtMs, event.endMs)
      }
      return
    case 'deadlineSet':
      state.deadline = event.deadline
      if (event.deadline) state.wakeAtMs = Math.min(state.wakeAtMs, event.deadline.endMs)
      return
    case 'timersPassed':
      state.wakeAtMs = event.nextMs ?? Number.POSITIVE_INFINITY
  }
}

const nothing = new Uint8Array(0)

const existing = (
  state: ClassicState,
  { memberId }: ClassicMemberFacts,
): Pick<ClassicMember, 'assignment' | 'waits'> =>
  state.members.get(memberId) ?? { assignment: nothing, waits: noWaits }

const put = (state: ClassicState, member: ClassicMember): void => {
  const before = state.members.get(member.memberId)
  if (before?.protocols !== member.protocols) {
    count(state, before, -1)
    count(state, member, 1)
  }
  countWaits(state, before, -1)
  countWaits(state, member, 1)
  state.members.set(member.memberId, member)
  if (member.instanceId !== null) state.memberIdByInstance.set(member.instanceId, member.memberId)
}

const countWaits = (state: ClassicState, member: ClassicMember | undefined, by: 1 | -1): void => {
  if (!member) return
  if (member.waits.join !== null) state.joinedCount += by
  if (member.waits.owesSync) state.owedCount += by
}

const count = (state: ClassicState, member: ClassicMember | undefined, by: 1 | -1): void => {
  for (const { name } of member?.protocols ?? []) {
    const offers = (state.offers.get(name) ?? 0) + by
    if (offers > 0) state.offers.set(name, offers)
    else state.offers.delete(name)
  }
}

const remove = (state: ClassicState, memberId: string): void => {
  const member = state.members.get(memberId)
  if (!member) return
  count(state, member, -1)
  countWaits(state, member, -1)
  state.members.delete(memberId)
  state.sessions.delete(memberId)
  const { instanceId } = member
  if (instanceId !== null && state.memberIdByInstance.get(instanceId) === memberId)
    state.memberIdByInstance.delete(instanceId)
}

const empty = (state: ClassicState): void => {
  for (const memberId of [...state.members.keys()]) remove(state, memberId)
  state.pending.clear()
  state.exists = false
  state.facts = newClassicFacts
  state.deadline = null
  state.wakeAtMs = Number.POSITIVE_INFINITY
}
