import { type ErrorName, KafkaError, kafkaError } from '#model'
import type { ClassicCommand, LeftReply } from './commands.ts'
import type { ClassicDraft } from './draft.ts'
import { knownClassicMember } from './members.ts'
import { completeIfAllJoined, rebalanceWithout } from './rebalance.ts'

type LeaveCommand = Extract<ClassicCommand, { kind: 'leave' }>

/** Takes members out; a static one may be named by its instance id alone (KIP-345). */
export const leave = (draft: ClassicDraft, command: LeaveCommand, nowMs: number): LeftReply => {
  const members = command.members.map(({ memberId, instanceId }) => {
    try {
      if (instanceId === null && draft.isPending(memberId)) draft.setPending(memberId, null)
      else {
        const named =
          memberId === '' && instanceId !== null
            ? (draft.memberByInstance(instanceId)?.memberId ?? '')
            : memberId
        takeOut(draft, knownClassicMember(draft, { memberId: named, instanceId }).memberId)
      }
      return { memberId, instanceId, error: 'NONE' as ErrorName }
    } catch (error) {
      if (!(error instanceof KafkaError)) throw error
      return { memberId, instanceId, error: error.errorName }
    }
  })
  if (members.some(({ error }) => error === 'NONE')) afterLeaving(draft, nowMs)
  return { kind: 'left', members }
}

/** Takes members out whose time is over. */
export const removeMembers = (
  draft: ClassicDraft,
  memberIds: readonly string[],
  nowMs: number,
): void => {
  for (const memberId of memberIds) takeOut(draft, memberId)
  if (memberIds.length > 0) afterLeaving(draft, nowMs)
}

const takeOut = (draft: ClassicDraft, memberId: string): void => {
  draft.refuseParked(memberId, 'UNKNOWN_MEMBER_ID', 'The member was taken out of the group.')
  draft.removeMember(memberId)
}

/** What was given up by those who only had an id delays the others no more, but calls nobody. */
const afterLeaving = (draft: ClassicDraft, nowMs: number): void => {
  if (draft.events.some(({ kind }) => kind === 'memberRemoved')) rebalanceWithout(draft, nowMs)
  else if (draft.facts.phase === 'PreparingRebalance' && draft.deadline?.kind === 'join')
    completeIfAllJoined(draft, nowMs)
}

/** Refuses to delete a group that has members, or is none. */
export const removeGroup = (draft: ClassicDraft): void => {
  if (!draft.state.exists) throw kafkaError('GROUP_ID_NOT_FOUND')
  if (draft.facts.phase !== 'Empty') throw kafkaError('NON_EMPTY_GROUP')
  draft.events.push({ kind: 'groupRemoved' })
}
