import type { ClassicRefusal, JoinedReply } from '#coordinators'
import { codeOf, KafkaError } from '#model'
import { JoinGroup } from '#protocol'
import { caller, newMemberId, ownBytes } from './groups/caller.ts'
import { handler } from './kit.ts'

/** The version from which a new member is given its id first (KIP-394). */
const knownMemberIdSince = 4
/** The version from which a leader can be told to leave the assignment as it is (KIP-814). */
const skipAssignmentSince = 9
/** The version from which there need not be a protocol in the answer (KIP-559). */
const noProtocolSince = 7

/** Takes a member into a classic group, and answers when its generation begins. */
export const joinGroup = handler(JoinGroup, async (request, { groups, random }, call) => {
  const { version } = call
  const { groupId, memberId, groupInstanceId, protocolType, sessionTimeoutMs } = request
  const { rebalanceTimeoutMs } = request
  const noProtocol = version >= noProtocolSince ? null : ''
  const reply = await refusalOf(() =>
    groups.join(groupId, {
      memberId,
      instanceId: groupInstanceId,
      ...caller(call),
      newMemberId: newMemberId(call, groupInstanceId, random),
      sessionTimeoutMs,
      // Version 0 has only one timeout.
      rebalanceTimeoutMs: rebalanceTimeoutMs < 0 ? sessionTimeoutMs : rebalanceTimeoutMs,
      protocolType,
      protocols: distinct(request.protocols),
      requiresKnownMemberId: version >= knownMemberIdSince,
      canSkipAssignment: version >= skipAssignmentSince,
    }),
  )
  if (reply.kind === 'refused')
    return {
      errorCode: codeOf(reply.error),
      protocolName: noProtocol,
      leader: '',
      memberId: reply.memberId ?? memberId,
      members: [],
    }
  return {
    errorCode: 0,
    generationId: reply.generationId,
    protocolType: reply.protocolType,
    protocolName: reply.protocolName,
    leader: reply.leaderId,
    skipAssignment: reply.skipAssignment,
    memberId: reply.memberId,
    members: reply.members.map((member) => ({
      memberId: member.memberId,
      groupInstanceId: member.instanceId,
      metadata: member.metadata,
    })),
  }
})

/** The answer has fields besides its error code: an error becomes an answer here. */
const refusalOf = async (
  join: () => Promise<JoinedReply | ClassicRefusal>,
): Promise<JoinedReply | ClassicRefusal> => {
  try {
    return await join()
  } catch (error) {
    if (!(error instanceof KafkaError)) throw error
    return { kind: 'refused', error: error.errorName, message: error.message }
  }
}

/** A name that comes twice counts once, as it is first given. */
const distinct = (protocols: readonly { name: string; metadata: Uint8Array }[]) => {
  const byName = new Map<string, Uint8Array>()
  for (const { name, metadata } of protocols)
    if (!byName.has(name)) byName.set(name, ownBytes(metadata))
  return [...byName].map(([name, metadata]) => ({ name, metadata }))
}
