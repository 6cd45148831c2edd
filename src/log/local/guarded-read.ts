import { kafkaError } from '#model'
import { DiskError, type Logger } from '#world'
import { partitionName } from './checkpoint-files.ts'
import type { Partition } from './partition.ts'

/**
 * Reads files of a partition, which may be deleted meanwhile, or lose segments; throws and rejects with
 * the `KafkaError` for a reader.
 */
export const guardedRead = <T>(
  logger: Logger,
  partition: Partition,
  read: () => T | Promise<T>,
): T | Promise<T> => {
  const result = read()
  if (!(result instanceof Promise)) return result
  return partition.operations
    .read(() => result)
    .catch((error: unknown) => {
      // Retention took a segment away between the look-up and the opening of its file.
      if (!isAbsent(error) || partition.dropped) throw error
      return partition.operations.read(async () => read())
    })
    .catch((error: unknown) => {
      if (partition.dropped) throw kafkaError('UNKNOWN_TOPIC_OR_PARTITION')
      logger.error('a read failed', {
        partition: partitionName(partition.id.topic, partition.id.partition),
        error: String(error),
      })
      throw kafkaError('KAFKA_STORAGE_ERROR')
    })
}

const isAbsent = (error: unknown): boolean => error instanceof DiskError && error.kind === 'absent'
