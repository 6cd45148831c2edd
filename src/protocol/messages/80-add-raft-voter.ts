import {
  api,
  array,
  boolean,
  errorCode,
  errorMessage,
  int32,
  string,
  throttleTimeMs,
  uint16,
  uuid,
} from '../schema.ts'

/** AddRaftVoter: adds a voter to the metadata quorum (KIP-853). */
export const AddRaftVoter = api(80, 'AddRaftVoter', {
  versions: [0, 1],
  flexible: 0,
  request: {
    clusterId: string.nullable(),
    timeoutMs: int32,
    voterId: int32,
    voterDirectoryId: uuid,
    listeners: array({
      name: string,
      host: string,
      port: uint16,
    }),
    ackWhenCommitted: boolean.since(1).or(true),
  },
  response: {
    throttleTimeMs,
    errorCode,
    errorMessage,
  },
})
