import { api, bytes, errorCode, int64, throttleTimeMs } from '../schema.ts'

/** ExpireDelegationToken: brings a token's expiry forward (KIP-48). */
export const ExpireDelegationToken = api(40, 'ExpireDelegationToken', {
  versions: [1, 2],
  flexible: 2,
  request: {
    hmac: bytes,
    expiryTimePeriodMs: int64,
  },
  response: {
    errorCode,
    expiryTimestampMs: int64,
    throttleTimeMs,
  },
})
