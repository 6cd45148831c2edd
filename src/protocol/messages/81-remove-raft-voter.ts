import { api, errorCode, errorMessage, int32, string, throttleTimeMs, uuid } from '../schema.ts'

/** RemoveRaftVoter: removes a voter from the metadata quorum (KIP-853). */
export const RemoveRaftVoter = api(81, 'RemoveRaftVoter', {
  versions: [0, 0],
  flexible: 0,
  request: {
    clusterId: string.nullable(),
    voterId: int32,
    voterDirectoryId: uuid,
  },
  response: {
    throttleTimeMs,
    errorCode,
    errorMessage,
  },
})
