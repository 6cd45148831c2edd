import { api, array, bytes, errorCode, int64, string, throttleTimeMs } from '../schema.ts'

/** CreateDelegationToken: makes a token that stands for its owner (KIP-48). */
export const CreateDelegationToken = api(38, 'CreateDelegationToken', {
  versions: [1, 3],
  flexible: 2,
  request: {
    ownerPrincipalType: string.since(3).nullable(),
    ownerPrincipalName: string.since(3).nullable(),
    renewers: array({
      principalType: string,
      principalName: string,
    }),
    maxLifetimeMs: int64,
  },
  response: {
    errorCode,
    principalType: string,
    principalName: string,
    tokenRequesterPrincipalType: string.since(3),
    tokenRequesterPrincipalName: string.since(3),
    issueTimestampMs: int64,
    expiryTimestampMs: int64,
    maxTimestampMs: int64,
    tokenId: string,
    hmac: bytes,
    throttleTimeMs,
  },
})
