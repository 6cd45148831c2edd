import { kafkaError } from '#model'
import type { CheckCommitCommand, CheckFetchCommand } from './commands.ts'
import type { Draft } from './draft.ts'
import type { Member } from './member.ts'
import { knownMember, knownStaticMember } from './membership.ts'

/** The first version of OffsetCommit and OffsetFetch that knows member epochs (KIP-848). */
export const memberEpochVersion = 9

/**
 * Refuses a commit of someone who is not, or no longer, the member that it says it is. Throws
 * UNKNOWN_MEMBER_ID, FENCED_INSTANCE_ID, STALE_MEMBER_EPOCH, UNSUPPORTED_VERSION, or for a classic
 * member ILLEGAL_GENERATION.
 */
export const checkCommit = (draft: Draft, command: CheckCommitCommand): void => {
  const { memberId, instanceId, epoch, transactional, version } = command
  const nobody = memberId === '' && instanceId === null
  if (epoch < 0 && ((transactional && nobody) || draft.memberCount() === 0)) return
  const member =
    instanceId === null
      ? knownMember(draft, memberId)
      : knownStaticMember(draft, memberId, instanceId)
  if (member.classic === null && !transactional && version < memberEpochVersion)
    throw kafkaError(
      'UNSUPPORTED_VERSION',
      `Members of the consumer protocol commit with version ${memberEpochVersion} or later.`,
    )
  if (epoch === member.epoch) return
  if (member.classic !== null) throw illegalGeneration(member, epoch)
  if (epoch > member.epoch || !isOwnSince(member, command)) throw stale(member, epoch)
}

/** Refuses to show offsets to a member with another epoch than its own. */
export const checkFetch = (draft: Draft, { memberId, epoch }: CheckFetchCommand): void => {
  if (epoch < 0 && (memberId ?? '') === '') return
  const member = knownMember(draft, memberId ?? '')
  if (epoch === member.epoch) return
  throw member.classic === null ? stale(member, epoch) : illegalGeneration(member, epoch)
}

/** A member that is behind may commit what it has owned without a break since that epoch (KIP-1251). */
const isOwnSince = (member: Member, { epoch, partitions }: CheckCommitCommand): boolean =>
  epoch > 0 &&
  partitions.length > 0 &&
  partitions.every(({ topicId, partition }) => {
    const since =
      member.assigned[topicId]?.[partition] ?? member.revoking[topicId]?.[partition] ?? undefined
    return since !== undefined && epoch >= since
  })

const stale = (member: Member, epoch: number): Error =>
  kafkaError('STALE_MEMBER_EPOCH', `The member has epoch ${member.epoch}, not ${epoch}.`)

const illegalGeneration = (member: Member, epoch: number): Error =>
  kafkaError('ILLEGAL_GENERATION', `The member has generation ${member.epoch}, not ${epoch}.`)
