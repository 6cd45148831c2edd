/**
 * What is wrong with a batch's records.
 *
 * - `RECORDS_CORRUPT`: compressed bytes, or the records themselves, are not what they claim to be.
 * - `RECORDS_TOO_LARGE`: they would unfold to more bytes than allowed.
 * - `RECORDS_UNKNOWN_CODEC`: the compression is none that Kafka has.
 */
export type RecordsErrorCode = 'RECORDS_CORRUPT' | 'RECORDS_TOO_LARGE' | 'RECORDS_UNKNOWN_CODEC'

/** The one error that reading records throws. */
export class RecordsError extends Error {
  readonly code: RecordsErrorCode

  constructor(code: RecordsErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'RecordsError'
    this.code = code
  }
}

/** Returns the error for bytes that are not what they claim to be. */
export const corrupt = (message: string, cause?: unknown): RecordsError =>
  new RecordsError('RECORDS_CORRUPT', message, cause === undefined ? undefined : { cause })

/** Returns the error for bytes that unfold to more than `sizeMax`. */
export const tooLarge = (sizeMax: number): RecordsError =>
  new RecordsError('RECORDS_TOO_LARGE', `the records unfold to more than ${sizeMax} bytes`)
