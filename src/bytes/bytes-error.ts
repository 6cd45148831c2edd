/**
 * What is wrong with the bytes, or with the value that should become bytes.
 *
 * - `BYTES_TRUNCATED`: they end before the value does, or a declared length reaches past their end.
 * - `BYTES_BAD_LENGTH`: a length is negative where it may not be, or too large for its form.
 * - `BYTES_BAD_VARINT`: a variable-length number does not end within its width.
 * - `BYTES_BAD_VALUE`: a value to be written does not fit its type.
 * - `BYTES_TOO_MANY`: they hold more elements than one message may.
 */
export type BytesErrorCode =
  | 'BYTES_TRUNCATED'
  | 'BYTES_BAD_LENGTH'
  | 'BYTES_BAD_VARINT'
  | 'BYTES_BAD_VALUE'
  | 'BYTES_TOO_MANY'

/** The one error that reading and writing bytes throws. */
export class BytesError extends Error {
  readonly code: BytesErrorCode

  constructor(code: BytesErrorCode, message: string) {
    super(message)
    this.name = 'BytesError'
    this.code = code
  }
}
