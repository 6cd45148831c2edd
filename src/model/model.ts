// Words that every part shares: errors of the protocol, ids, names, special numbers.
export { AssertionFailure, assert } from './assert.ts'
export { Durations } from './durations.ts'
export {
  codeOf,
  type ErrorName,
  errorNameOf,
  errorNames,
  isRetriable,
  KafkaError,
  kafkaError,
} from './errors.ts'
export { IsolationLevel } from './isolation.ts'
export { ResourceType } from './resource-type.ts'
export { SpecialTime } from './special-time.ts'
export {
  checkTopicName,
  isInternalTopic,
  topicCollisionKey,
  topicNameFault,
  topicNameLengthMax,
  topicNamesCollide,
} from './topic-name.ts'
export {
  isReservedUuid,
  isUuid,
  metadataTopicUuid,
  type Uuid,
  uuidFromBytes,
  uuidFromRandomBytes,
  uuidToBytes,
  zeroUuid,
} from './uuid.ts'
