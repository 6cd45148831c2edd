/**
 * What is wrong with a folder of Kafka's.
 *
 * - `KAFKA_FILES_CORRUPT`: bytes are not what the format says; the message names the file.
 * - `KAFKA_FILES_UNUSABLE`: the folder is in use, was not left in order, or does not hold all it should.
 */
export type KafkaFilesErrorCode = 'KAFKA_FILES_CORRUPT' | 'KAFKA_FILES_UNUSABLE'

/** The one error that reading and writing Kafka's folders throws; its message is a sentence for a person. */
export class KafkaFilesError extends Error {
  readonly code: KafkaFilesErrorCode

  constructor(code: KafkaFilesErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'KafkaFilesError'
    this.code = code
  }
}

/** Returns the error for bytes that are not what the format says. */
export const corrupt = (message: string, cause?: unknown): KafkaFilesError =>
  new KafkaFilesError('KAFKA_FILES_CORRUPT', message, cause === undefined ? undefined : { cause })

/** Returns the error for a folder that cannot be worked with as it is. */
export const unusable = (message: string): KafkaFilesError =>
  new KafkaFilesError('KAFKA_FILES_UNUSABLE', message)
