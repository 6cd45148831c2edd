// Which machine looks after a group, and how the runtime speaks to it.
import type { Machinery, Step } from '../runtime.ts'
import { applyClassic } from './classic/apply.ts'
import type { ClassicCommand, ClassicReply } from './classic/commands.ts'
import { decideClassic } from './classic/decide.ts'
import { isStoredClassic } from './classic/events.ts'
import { newClassicState } from './classic/state.ts'
import type { GroupChange, GroupMachine } from './store.ts'

export type GroupReply = ClassicReply
export type GroupStep = Step<GroupMachine, GroupReply, GroupChange>

/** A group of the classic protocol that nobody knows yet. */
export const newClassicGroup = (groupId: string): GroupMachine => ({
  kind: 'classic',
  state: newClassicState(groupId),
  committedAtMs: Number.NEGATIVE_INFINITY,
})

/** Lets a classic group decide, and applies what it decided. */
export const classicStep = (
  machine: GroupMachine,
  command: ClassicCommand,
  nowMs: number,
): GroupStep & { readonly changes: GroupChange[] } => {
  const { state } = machine
  const { groupId } = state
  const { events, reply, settled = [], wakeAt } = decideClassic(state, command, nowMs)
  const changes: GroupChange[] = []
  let last: GroupChange | null = null
  for (const event of events) {
    applyClassic(state, event)
    if (!isStoredClassic(event)) continue
    // Of several states of the group in one decision only the last is worth a row.
    if (event.kind === 'groupChanged') last = { kind: 'classic', groupId, event }
    else changes.push({ kind: 'classic', groupId, event })
  }
  if (last) changes.push(last)
  return { machine, reply, settled, changes, wakeAt }
}

/** What all groups have in common for the runtime. */
export const groupMachinery: Machinery<GroupMachine, GroupReply, GroupChange> = {
  loaded: (machine, nowMs) => classicStep(machine, { kind: 'load' }, nowMs),
  woken: (machine, nowMs) => classicStep(machine, { kind: 'wake' }, nowMs),
  isIdle: ({ state }) =>
    state.members.size === 0 && state.pending.size === 0 && state.deadline === null,
}
