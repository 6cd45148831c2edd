import { BytesError } from '#bytes'

/**
 * What is wrong with a message.
 *
 * - `PROTOCOL_MALFORMED`: its bytes do not hold what its API and version declare.
 * - `PROTOCOL_UNDECLARED`: no API has that key, or the API has no such version.
 * - `PROTOCOL_UNENCODABLE`: a value does not fit its field, or the version has no such field.
 */
export type ProtocolErrorCode =
  | 'PROTOCOL_MALFORMED'
  | 'PROTOCOL_UNDECLARED'
  | 'PROTOCOL_UNENCODABLE'

/** The one error that reading and writing messages throws. */
export class ProtocolError extends Error {
  readonly code: ProtocolErrorCode

  constructor(code: ProtocolErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'ProtocolError'
    this.code = code
  }
}

/** Returns the error of this module for one of bytes; any other error stays what it is. */
export function asProtocolError(error: unknown, code: ProtocolErrorCode, subject: string): unknown {
  if (!(error instanceof BytesError)) return error
  return new ProtocolError(code, `${subject}: ${error.message}`, { cause: error })
}
