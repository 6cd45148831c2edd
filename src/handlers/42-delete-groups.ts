import { DeleteGroups } from '#protocol'
import { perItem } from '#server'
import { handler } from './kit.ts'

/** Deletes groups that have no members, with their offsets; each answers for itself. */
export const deleteGroups = handler(DeleteGroups, async (request, { groups }) => ({
  results: await perItem(
    request.groupsNames,
    (groupId) => ({ groupId }),
    async (groupId) => {
      await groups.delete(groupId)
      return { errorCode: 0 }
    },
  ),
}))
