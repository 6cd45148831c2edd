import { DescribeGroups } from '#protocol'
import { answerOf, inSlices } from '#server'
import { groupOperations } from './authorized-operations.ts'
import { type BrokerContext, handler } from './kit.ts'

/** The version from which a group that does not exist is an error, and none that is dead (KIP-1043). */
const notFoundSince = 6

/** Says who the members of classic groups are, and what they read. */
export const describeGroups = handler(DescribeGroups, async (request, context, { version }) => {
  const authorizedOperations = groupOperations(request.includeAuthorizedOperations)
  return {
    groups: await inSlices(request.groups, async (groupId) => ({
      ...(await described(groupId, context, version)),
      groupId,
      authorizedOperations,
    })),
  }
})

const described = async (groupId: string, { groups }: BrokerContext, version: number) => {
  try {
    const { phase, protocolType, protocolName, members } = await groups.describe(groupId)
    return {
      errorCode: 0,
      errorMessage: null,
      groupState: phase,
      protocolType,
      protocolData: protocolName,
      members: members.map(({ instanceId, metadata, assignment, ...member }) => ({
        ...member,
        groupInstanceId: instanceId,
        memberMetadata: metadata,
        memberAssignment: assignment,
      })),
    }
  } catch (error) {
    const { errorCode, errorMessage } = answerOf(error)
    const isDead = { groupState: 'Dead', protocolType: '', protocolData: '', members: [] }
    return version >= notFoundSince
      ? { errorCode, errorMessage, ...isDead }
      : { errorCode: 0, errorMessage: null, ...isDead }
  }
}
