import { api, bytes, errorCode, int64, throttleTimeMs } from '../schema.ts'

/** RenewDelegationToken: puts a token's expiry off (KIP-48). */
export const RenewDelegationToken = api(39, 'RenewDelegationToken', {
  versions: [1, 2],
  flexible: 2,
  request: {
    hmac: bytes,
    renewPeriodMs: int64,
  },
  response: {
    errorCode,
    expiryTimestampMs: int64,
    throttleTimeMs,
  },
})
