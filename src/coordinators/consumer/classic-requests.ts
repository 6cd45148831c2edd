// What the requests of the classic protocol do to a group of either kind: in one of the newer protocol its
// machine answers them, so that members can change their protocol one by one (KIP-848).
import { applyClassic } from './classic/apply.ts'
import type { ClassicCommand, ClassicReply, JoinCommand, SyncCommand } from './classic/commands.ts'
import type { StoredClassicEvent } from './classic/events.ts'
import type { ClassicSettings } from './classic/settings.ts'
import { newClassicFacts } from './classic/state.ts'
import {
  classicStep,
  type GroupStep,
  modernStep,
  newClassicGroup,
  type SurroundingsOf,
} from './group-machine.ts'
import { fromBase64, inBase64 } from './handover.ts'
import type { ModernReply } from './modern/commands.ts'
import type { ClassicMachine, GroupMachine, ModernMachine } from './store.ts'

/** A command as a handler says it; the rest is known to the coordinator. */
export type Said<Command extends ClassicCommand> = Omit<Command, 'kind' | 'ticket' | 'settings'>
export type CommandOf<Kind extends ClassicCommand['kind']> = Extract<ClassicCommand, { kind: Kind }>

/** Where a request finds its group, and when. */
export interface Target {
  readonly groupId: string
  readonly machine: GroupMachine | null
  readonly around: SurroundingsOf
  readonly nowMs: number
}

/** JoinGroup. A group of the newer protocol that has no members becomes a classic one again. */
export const joinStep = (
  target: Target,
  said: Said<JoinCommand>,
  settings: ClassicSettings,
  ticket: number,
): GroupStep<ClassicReply> => {
  const { groupId, machine, around, nowMs } = target
  if (machine?.kind !== 'modern')
    return classicStep(
      machine ?? newClassicGroup(groupId),
      { kind: 'join', ticket, settings, ...said },
      nowMs,
    )
  if (machine.state.members.size === 0) {
    // Generations go on where epochs were: who was put out may still believe in one.
    const facts = { ...newClassicFacts, generationId: machine.state.epoch }
    const event = { kind: 'groupChanged', facts } as const
    const step = classicStep(
      emptied(machine, event),
      { kind: 'join', ticket, settings, ...said },
      nowMs,
    )
    step.changes.unshift({ kind: 'downgraded', groupId }, { kind: 'classic', groupId, event })
    return step
  }
  const { canSkipAssignment: _, protocols, ...join } = said
  const command = { kind: 'classicJoin', ...join, protocols: inBase64(protocols) } as const
  return inClassicWords(modernStep(machine, { ...command, ...around(groupId) }, nowMs))
}

/** SyncGroup. */
export const syncStep = (
  { groupId, machine, around, nowMs }: Target,
  said: Said<SyncCommand>,
  ticket: number,
): GroupStep<ClassicReply> => {
  if (machine?.kind !== 'modern')
    return classicStep(
      machine ?? newClassicGroup(groupId),
      { kind: 'sync', ticket, ...said },
      nowMs,
    )
  const { assignments: _, ...sync } = said
  return inClassicWords(
    modernStep(machine, { kind: 'classicSync', ...sync, ...around(groupId) }, nowMs),
  )
}

/** Heartbeat and LeaveGroup. */
export const memberStep = (
  { groupId, machine, around, nowMs }: Target,
  command: CommandOf<'heartbeat' | 'leave'>,
): GroupStep<ClassicReply> => {
  if (machine?.kind !== 'modern')
    return classicStep(machine ?? newClassicGroup(groupId), command, nowMs)
  const said = { ...command, ...around(groupId) }
  return inClassicWords(
    said.kind === 'heartbeat'
      ? modernStep(machine, { ...said, kind: 'classicHeartbeat' }, nowMs)
      : modernStep(machine, { ...said, kind: 'classicLeave' }, nowMs),
  )
}

/** The classic group that follows one of the newer protocol that nobody is in any more. */
const emptied = (
  { state, committedAtMs }: ModernMachine,
  event: StoredClassicEvent,
): ClassicMachine => {
  const classic = { ...newClassicGroup(state.groupId), committedAtMs }
  applyClassic(classic.state, event)
  return classic
}

const inClassicWords = (step: GroupStep<ModernReply>): GroupStep<ClassicReply> => ({
  ...step,
  reply: step.reply && classicReply(step.reply),
})

/** Nobody leads a group of the newer protocol, and so nobody is told of the others. */
const classicReply = (reply: ModernReply): ClassicReply => {
  switch (reply.kind) {
    case 'classicJoined':
      return { ...reply, kind: 'joined', leaderId: '', skipAssignment: false, members: [] }
    case 'classicSynced':
      return { ...reply, kind: 'synced', assignment: fromBase64(reply.assignment) }
    case 'classicLeft':
      return { ...reply, kind: 'left' }
    case 'refused':
    case 'done':
      return reply
    default:
      throw new Error(`${reply.kind} is no reply to a classic member`)
  }
}
