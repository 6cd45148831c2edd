import { SyncGroup } from '#protocol'
import { answerOf } from '#server'
import { ownBytes } from './groups/caller.ts'
import { handler } from './kit.ts'

/** Takes the leader's assignments, and tells every member its own once they are there. */
export const syncGroup = handler(SyncGroup, async (request, { groups }) => {
  const { groupId, memberId, generationId, protocolType, protocolName } = request
  try {
    const synced = await groups.sync(groupId, {
      memberId,
      generationId,
      instanceId: request.groupInstanceId,
      protocolType,
      protocolName,
      assignments: request.assignments.map((each) => ({
        memberId: each.memberId,
        assignment: ownBytes(each.assignment),
      })),
    })
    return {
      errorCode: 0,
      protocolType: synced.protocolType,
      protocolName: synced.protocolName,
      assignment: synced.assignment,
    }
  } catch (error) {
    return { errorCode: answerOf(error).errorCode, assignment: new Uint8Array(0) }
  }
})
