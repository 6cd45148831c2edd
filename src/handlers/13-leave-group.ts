import { codeOf } from '#model'
import { LeaveGroup } from '#protocol'
import { handler } from './kit.ts'

/** The version from which several members may leave at once (KIP-345). */
const membersSince = 3

/** Takes members out of a classic group; each that is named answers for itself. */
export const leaveGroup = handler(LeaveGroup, async (request, { groups }, { version }) => {
  const { groupId, memberId } = request
  const leaving =
    version >= membersSince
      ? request.members.map((member) => ({
          memberId: member.memberId,
          instanceId: member.groupInstanceId,
        }))
      : [{ memberId, instanceId: null }]
  const { members } = await groups.leave(groupId, leaving)
  const answers = members.map((member) => ({
    memberId: member.memberId,
    groupInstanceId: member.instanceId,
    errorCode: codeOf(member.error),
  }))
  if (version >= membersSince) return { errorCode: 0, members: answers }
  return { errorCode: answers[0]!.errorCode }
})
