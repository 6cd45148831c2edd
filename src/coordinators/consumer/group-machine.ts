// Which machine looks after a group, and how the runtime speaks to it.
import type { Machinery, Step } from '../runtime.ts'
import { applyClassic } from './classic/apply.ts'
import type { ClassicCommand, ClassicReply } from './classic/commands.ts'
import { decideClassic } from './classic/decide.ts'
import { type ClassicEvent, isStoredClassic } from './classic/events.ts'
import { newClassicState } from './classic/state.ts'
import { handedOver } from './handover.ts'
import { applyModern } from './modern/apply.ts'
import type { ModernCommand, ModernReply } from './modern/commands.ts'
import { decideModern } from './modern/decide.ts'
import { isStored } from './modern/events.ts'
import { newModernGroup } from './modern/state.ts'
import type { Surroundings } from './modern/subscriptions.ts'
import type { ClassicMachine, GroupChange, GroupMachine, ModernMachine } from './store.ts'

export type GroupReply = ClassicReply | ModernReply

/** A step of which the changes may still be added to. */
export interface GroupStep<Reply extends GroupReply = GroupReply>
  extends Step<GroupMachine, GroupReply, GroupChange> {
  readonly reply: Reply | null
  readonly changes: GroupChange[]
}

/** What a group of the newer protocol knows of the world, by the group's id. */
export type SurroundingsOf = (groupId: string) => Surroundings

/** A group of the classic protocol that nobody knows yet. */
export const newClassicGroup = (groupId: string): ClassicMachine => ({
  kind: 'classic',
  state: newClassicState(groupId),
  committedAtMs: Number.NEGATIVE_INFINITY,
})

/** A group of the newer protocol that nobody knows yet. */
export const newModernMachine = (groupId: string): ModernMachine => ({
  kind: 'modern',
  state: newModernGroup(groupId),
  committedAtMs: Number.NEGATIVE_INFINITY,
})

/** Says whether the store has the group, or will have. */
export const groupExists = (machine: GroupMachine | null): machine is GroupMachine =>
  machine !== null && (machine.kind === 'classic' ? machine.state.exists : machine.state.epoch > 0)

/** A step that changes nothing. */
export const unchanged = <Reply extends GroupReply>(
  machine: GroupMachine | null,
  reply: Reply,
): GroupStep<Reply> => ({ machine, reply, changes: [], wakeAt: null })

/** Lets a classic group decide, and applies what it decided. */
export const classicStep = (
  machine: ClassicMachine,
  command: ClassicCommand,
  nowMs: number,
): GroupStep<ClassicReply> => {
  const { events, reply, settled = [], wakeAt } = decideClassic(machine.state, command, nowMs)
  return { machine, reply, settled, changes: applied(machine, events), wakeAt }
}

/** Applies events to a classic group, and returns what they write. */
const applied = (machine: ClassicMachine, events: readonly ClassicEvent[]): GroupChange[] => {
  const { state } = machine
  const { groupId } = state
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
  return changes
}

/** Lets a group of the newer protocol decide, and applies what it decided; it may become a classic one. */
export const modernStep = (
  machine: ModernMachine,
  command: ModernCommand,
  nowMs: number,
): GroupStep<ModernReply> => {
  const { state, committedAtMs } = machine
  const { groupId } = state
  const { events, reply, wakeAt } = decideModern(state, command, nowMs)
  const changes: GroupChange[] = []
  let successor: GroupStep<ClassicReply> | null = null
  for (const event of events) {
    applyModern(state, event)
    if (event.kind === 'groupDowngraded') {
      changes.push({ kind: 'downgraded', groupId })
      // A member that has just joined is told its generation; else the members have to find a new one.
      const isSettled = reply.kind === 'classicJoined'
      const classic: ClassicMachine = { ...newClassicGroup(groupId), committedAtMs }
      changes.push(...applied(classic, handedOver(event.classic, isSettled)))
      successor = classicStep(classic, { kind: 'load' }, nowMs)
    } else if (isStored(event)) changes.push({ kind: 'modern', groupId, event })
  }
  if (successor) return { ...successor, reply, changes: [...changes, ...successor.changes] }
  return { machine: state.epoch > 0 ? machine : null, reply, changes, wakeAt }
}

/** What all groups have in common for the runtime. */
export const groupMachinery = (
  around: SurroundingsOf,
): Machinery<GroupMachine, GroupReply, GroupChange> => {
  const tell = (machine: GroupMachine, kind: 'load' | 'wake', nowMs: number): GroupStep =>
    machine.kind === 'classic'
      ? classicStep(machine, { kind }, nowMs)
      : modernStep(machine, { kind, ...around(machine.state.groupId) }, nowMs)
  return {
    loaded: (machine, nowMs) => tell(machine, 'load', nowMs),
    woken: (machine, nowMs) => tell(machine, 'wake', nowMs),
    isIdle: (machine) =>
      machine.state.members.size === 0 &&
      (machine.kind === 'modern' ||
        (machine.state.pending.size === 0 && machine.state.deadline === null)),
  }
}
