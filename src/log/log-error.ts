/**
 * `LOG_CORRUPT`: what was read back is not what was written; the partition must be repaired.
 * `LOG_CLOSED`: the engine was closed.
 */
export type LogErrorCode = 'LOG_CORRUPT' | 'LOG_CLOSED'

/** A log that cannot do what it was asked, for a reason that no client gave. */
export class LogError extends Error {
  readonly code: LogErrorCode

  constructor(code: LogErrorCode, message: string, cause?: unknown) {
    super(message, { cause })
    this.code = code
  }
}
