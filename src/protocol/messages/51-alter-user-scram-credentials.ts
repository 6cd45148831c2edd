import {
  api,
  array,
  bytes,
  errorCode,
  errorMessage,
  int8,
  int32,
  string,
  throttleTimeMs,
} from '../schema.ts'

/** AlterUserScramCredentials: sets and removes SCRAM credentials (KIP-554). */
export const AlterUserScramCredentials = api(51, 'AlterUserScramCredentials', {
  versions: [0, 0],
  flexible: 0,
  request: {
    deletions: array({
      name: string,
      mechanism: int8,
    }),
    upsertions: array({
      name: string,
      mechanism: int8,
      iterations: int32,
      salt: bytes,
      saltedPassword: bytes,
    }),
  },
  response: {
    throttleTimeMs,
    results: array({
      user: string,
      errorCode,
      errorMessage,
    }),
  },
})
