// What ConsumerGroupHeartbeat does to a group of either kind: the first member of the newer protocol that
// joins a classic group takes it over, with its members (KIP-848).
import type { Target } from './classic-requests.ts'
import {
  type GroupStep,
  groupExists,
  modernStep,
  newModernMachine,
  unchanged,
} from './group-machine.ts'
import { calledAgain, classicGroupOf } from './handover.ts'
import type { HeartbeatCommand, ModernReply } from './modern/commands.ts'
import { SpecialEpoch } from './modern/member.ts'
import type { Surroundings } from './modern/subscriptions.ts'
import type { ClassicMachine } from './store.ts'

/** A heartbeat as a handler says it; the rest is known to the coordinator. */
export type SaidHeartbeat = Omit<HeartbeatCommand, 'kind' | keyof Surroundings>

/** ConsumerGroupHeartbeat. */
export const heartbeatStep = (
  { groupId, machine, around, nowMs }: Target,
  said: SaidHeartbeat,
): GroupStep<ModernReply> => {
  const command: HeartbeatCommand = { kind: 'heartbeat', ...said, ...around(groupId) }
  if (machine?.kind === 'modern') return modernStep(machine, command, nowMs)
  if (machine && said.request.memberEpoch === SpecialEpoch.join)
    return takenOver(machine, command, nowMs)
  const step = modernStep(newModernMachine(groupId), command, nowMs)
  // Who is refused leaves the group as it is.
  return step.machine ? step : unchanged(machine, step.reply!)
}

const takenOver = (
  classic: ClassicMachine,
  command: HeartbeatCommand,
  nowMs: number,
): GroupStep<ModernReply> => {
  const { state, committedAtMs } = classic
  const { groupId } = state
  const modern = { ...newModernMachine(groupId), committedAtMs }
  const { topics, settings } = command
  const upgrade =
    state.members.size === 0 && state.facts.generationId === 0
      ? unchanged<ModernReply>(modern, { kind: 'done' })
      : modernStep(
          modern,
          { kind: 'upgrade', classic: classicGroupOf(state), topics, settings },
          nowMs,
        )
  if (upgrade.reply?.kind === 'refused') return unchanged(classic, upgrade.reply)
  const step = modernStep(modern, command, nowMs)
  if (step.reply?.kind === 'refused') return unchanged(classic, step.reply)
  return {
    ...step,
    settled: calledAgain(state),
    changes: [
      ...(groupExists(classic) ? [{ kind: 'upgraded', groupId } as const] : []),
      ...upgrade.changes,
      ...step.changes,
    ],
  }
}
