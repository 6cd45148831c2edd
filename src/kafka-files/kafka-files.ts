// Kafka's own files beside those of partitions: what a stopped Kafka knows of its topics and groups.
export { awayName, exchangeFolders, type Replacement } from './folder-exchange.ts'
export {
  type KafkaGroup,
  type KafkaGroups,
  type KafkaOffset,
  readKafkaGroups,
} from './group-offsets.ts'
export { KafkaFilesError, type KafkaFilesErrorCode } from './kafka-files-error.ts'
export { type KafkaFolder, withKafkaFolder } from './kafka-folder.ts'
export type { KafkaTopic } from './metadata-image.ts'
export { readKafkaTopics } from './metadata-log.ts'
export { readOffsetCheckpoint } from './offset-checkpoint.ts'
export { copyPartition } from './partition-copy.ts'
export { exportPartition, hasRecords } from './partition-export.ts'
export { readDecidedCommits } from './transaction-states.ts'
