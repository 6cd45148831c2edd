import { api, bytes, errorCode, errorMessage, int64 } from '../schema.ts'

/**
 * SaslAuthenticate: one step of a SASL exchange (KIP-152); a session may end (version 1, KIP-368).
 */
export const SaslAuthenticate = api(36, 'SaslAuthenticate', {
  versions: [0, 2],
  flexible: 2,
  request: {
    authBytes: bytes,
  },
  response: {
    errorCode,
    errorMessage,
    authBytes: bytes,
    sessionLifetimeMs: int64.since(1).or(0).ignorable(),
  },
})
