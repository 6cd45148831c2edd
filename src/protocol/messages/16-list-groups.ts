import { api, array, errorCode, string, throttleTimeMs } from '../schema.ts'

/**
 * ListGroups: the groups a broker looks after, by state (version 4, KIP-518) and type (5,
 * KIP-848).
 */
export const ListGroups = api(16, 'ListGroups', {
  versions: [0, 5],
  flexible: 3,
  request: {
    statesFilter: array(string).since(4),
    typesFilter: array(string).since(5),
  },
  response: {
    throttleTimeMs: throttleTimeMs.since(1).ignorable(),
    errorCode,
    groups: array({
      groupId: string,
      protocolType: string,
      groupState: string.since(4).ignorable(),
      groupType: string.since(5).ignorable(),
    }),
  },
})
