import { api, array, errorCode, string } from '../schema.ts'

/**
 * SaslHandshake: a client names the SASL mechanism it wants.
 *
 * After version 0 the tokens follow as bare frames, after version 1 in SaslAuthenticate (KIP-152).
 * It never becomes flexible.
 */
export const SaslHandshake = api(17, 'SaslHandshake', {
  versions: [0, 1],
  flexible: 'never',
  request: {
    mechanism: string,
  },
  response: {
    errorCode,
    mechanisms: array(string),
  },
})
