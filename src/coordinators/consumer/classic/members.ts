// Who is a member, and what to say to those who are not.
import { kafkaError } from '#model'
import type { JoinedReply } from './commands.ts'
import type { ClassicDraft } from './draft.ts'
import type { ClassicMember } from './state.ts'

/** The member named; throws UNKNOWN_MEMBER_ID, or FENCED_INSTANCE_ID when another goes by its static name. */
export const knownClassicMember = (
  draft: ClassicDraft,
  { memberId, instanceId }: { readonly memberId: string; readonly instanceId: string | null },
): ClassicMember => {
  if (instanceId !== null) {
    const holder = draft.memberByInstance(instanceId)
    if (!holder) throw kafkaError('UNKNOWN_MEMBER_ID')
    if (holder.memberId !== memberId) throw kafkaError('FENCED_INSTANCE_ID')
  }
  const member = draft.member(memberId)
  if (!member) throw kafkaError('UNKNOWN_MEMBER_ID')
  return member
}

/** As `knownClassicMember`, of the generation that the group has now; else ILLEGAL_GENERATION. */
export const memberOfGeneration = (
  draft: ClassicDraft,
  named: {
    readonly memberId: string
    readonly instanceId: string | null
    readonly generationId: number
  },
): ClassicMember => {
  const member = knownClassicMember(draft, named)
  const { generationId } = draft.facts
  if (named.generationId !== generationId)
    throw kafkaError(
      'ILLEGAL_GENERATION',
      `The group has generation ${generationId}, not ${named.generationId}.`,
    )
  return member
}

/** What the group tells a member of its generation: to the leader everything. */
export const joinedReply = (draft: ClassicDraft, memberId: string): JoinedReply => {
  const { generationId, protocolType, protocolName, leaderId } = draft.facts
  return {
    kind: 'joined',
    memberId,
    generationId,
    protocolType: protocolType ?? '',
    protocolName: protocolName ?? '',
    leaderId: leaderId ?? '',
    skipAssignment: false,
    members: leaderId === memberId ? everyone(draft) : [],
  }
}

/** The members with what they said for the chosen protocol. */
export const everyone = (draft: ClassicDraft): JoinedReply['members'] =>
  Array.from(draft.members(), (member) => ({
    memberId: member.memberId,
    instanceId: member.instanceId,
    metadata: metadataOf(member, draft.facts.protocolName),
  }))

/** What a member said for a protocol. */
export const metadataOf = (member: ClassicMember, protocolName: string | null): Uint8Array =>
  member.protocols.find(({ name }) => name === protocolName)?.metadata ?? nothing

const nothing = new Uint8Array(0)

/** Says that the member lives: it has to be heard of again within its session timeout. */
export const renewSession = (draft: ClassicDraft, member: ClassicMember, nowMs: number): void =>
  draft.setSession(member.memberId, nowMs + member.sessionTimeoutMs)
