import { ListGroups } from '#protocol'
import { handler } from './kit.ts'

/** Lists the groups, those of some states (KIP-518) and types (KIP-848) where the client names any. */
export const listGroups = handler(ListGroups, async (request, { groups }) => {
  const states = lowerCased(request.statesFilter)
  const types = lowerCased(request.typesFilter)
  const listed = await groups.list()
  return {
    errorCode: 0,
    groups: listed
      .filter(({ phase }) => states.size === 0 || states.has(phase.toLowerCase()))
      .filter(({ type }) => types.size === 0 || types.has(type))
      .map(({ groupId, type, protocolType, phase }) => ({
        groupId,
        protocolType,
        groupState: phase,
        groupType: type,
      })),
  }
})

const lowerCased = (words: readonly string[]): ReadonlySet<string> =>
  new Set(words.map((word) => word.toLowerCase()))
