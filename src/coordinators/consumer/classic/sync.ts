import { kafkaError } from '#model'
import type { ClassicReply, SyncCommand, SyncedReply } from './commands.ts'
import type { ClassicDraft } from './draft.ts'
import { memberOfGeneration, renewSession } from './members.ts'
import type { ClassicMember } from './state.ts'

/** Hands a member its assignment, or parks it until the leader has made one. */
export const sync = (
  draft: ClassicDraft,
  command: SyncCommand,
  nowMs: number,
): ClassicReply | null => {
  const member = memberOfGeneration(draft, command)
  const { phase, protocolType, protocolName, leaderId } = draft.facts
  if (
    (command.protocolType !== null && command.protocolType !== protocolType) ||
    (command.protocolName !== null && command.protocolName !== protocolName)
  )
    throw kafkaError('INCONSISTENT_GROUP_PROTOCOL')
  if (phase === 'PreparingRebalance') throw kafkaError('REBALANCE_IN_PROGRESS')
  if (phase === 'Empty') throw kafkaError('UNKNOWN_MEMBER_ID')
  const { memberId } = member
  if (member.waits.owesSync) draft.setWaits(memberId, { owesSync: false })
  renewSession(draft, member, nowMs)
  if (phase === 'Stable') {
    endSyncWait(draft)
    return syncedReply(draft, member)
  }
  draft.answerSync(memberId, {
    kind: 'refused',
    error: 'REBALANCE_IN_PROGRESS',
    message: 'The member has asked again since.',
  })
  draft.setWaits(memberId, { sync: command.ticket })
  if (leaderId === memberId) assignAll(draft, command, nowMs)
  endSyncWait(draft)
  return null
}

/** Gives everyone what the leader says; whom it does not name gets nothing. */
const assignAll = (draft: ClassicDraft, { assignments }: SyncCommand, nowMs: number): void => {
  const named = new Map(assignments.map(({ memberId, assignment }) => [memberId, assignment]))
  draft.assign(
    Array.from(draft.members(), ({ memberId }) => ({
      memberId,
      assignment: named.get(memberId) ?? new Uint8Array(0),
    })),
  )
  draft.setFacts({ phase: 'Stable' })
  for (const member of [...draft.members()])
    if (member.waits.sync !== null) {
      draft.answerSync(member.memberId, syncedReply(draft, member))
      renewSession(draft, member, nowMs)
    }
}

/** Nobody has to be waited for once all members have asked. */
const endSyncWait = (draft: ClassicDraft): void => {
  if (draft.deadline?.kind === 'sync' && draft.owedCount === 0) draft.setDeadline(null)
}

const syncedReply = (draft: ClassicDraft, member: ClassicMember): SyncedReply => ({
  kind: 'synced',
  protocolType: draft.facts.protocolType ?? '',
  protocolName: draft.facts.protocolName ?? '',
  assignment: member.assignment,
})
