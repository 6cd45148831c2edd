import {
  api,
  array,
  errorCode,
  errorMessage,
  int8,
  int32,
  string,
  throttleTimeMs,
} from '../schema.ts'

/**
 * DescribeUserScramCredentials: which SCRAM mechanisms users have, never their secrets (KIP-554).
 */
export const DescribeUserScramCredentials = api(50, 'DescribeUserScramCredentials', {
  versions: [0, 0],
  flexible: 0,
  request: {
    users: array({
      name: string,
    }).nullable(),
  },
  response: {
    throttleTimeMs,
    errorCode,
    errorMessage,
    results: array({
      user: string,
      errorCode,
      errorMessage,
      credentialInfos: array({
        mechanism: int8,
        iterations: int32,
      }),
    }),
  },
})
