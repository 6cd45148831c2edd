import { Heartbeat } from '#protocol'
import { handler } from './kit.ts'

/** Hears that a member of a classic group lives, and says whether it has to join again. */
export const heartbeat = handler(Heartbeat, async (request, { groups }) => {
  const { groupId, memberId, generationId, groupInstanceId } = request
  await groups.heartbeat(groupId, { memberId, generationId, instanceId: groupInstanceId })
  return { errorCode: 0 }
})
