// Whether a topic may be made as asked: Kafka's rules for names, counts, assignments and configs.
import { checkTopicName, isInternalTopic, kafkaError, type Uuid } from '#model'
import { type BrokerSettings, checkTopicConfigs } from '#settings'
import type { Image } from './image.ts'
import { partitionsMax } from './limits.ts'

/** A topic as a client asks for it. -1 means the broker's default. */
export interface TopicSpec {
  name: string
  numPartitions: number
  replicationFactor: number
  /** Which brokers each partition shall live on; then both counts above must be -1. */
  assignments: readonly { partitionIndex: number; brokerIds: readonly number[] }[]
  configs: readonly { name: string; value: string | null }[]
}

/** A topic that was made, or would be. */
export interface CreatedTopic {
  id: Uuid
  name: string
  partitionCount: number
  replicationFactor: number
  configs: Readonly<Record<string, string>>
}

/** The counts and configs that a topic gets; throws the `KafkaError` that says why it cannot be made. */
export const planTopic = (
  spec: TopicSpec,
  image: Image,
  nodeId: number,
  settings: BrokerSettings,
): Omit<CreatedTopic, 'id'> => {
  checkName(spec.name, image)
  const partitionCount = countPartitions(spec, nodeId, settings)
  if (image.partitionCount + partitionCount > partitionsMax)
    throw kafkaError(
      'POLICY_VIOLATION',
      `This broker serves at most ${partitionsMax} partitions and has ${image.partitionCount}.`,
    )
  const configs = configsOf(spec)
  checkTopicConfigs(configs, settings)
  return { name: spec.name, partitionCount, replicationFactor: 1, configs }
}

const checkName = (name: string, image: Image): void => {
  checkTopicName(name)
  if (isInternalTopic(name))
    throw kafkaError(
      'INVALID_TOPIC_EXCEPTION',
      `Topic '${name}' is one of Kafka's own. What Kafka keeps there is not a topic here, and is to be asked for by its API.`,
    )
  if (image.named(name)) throw kafkaError('TOPIC_ALREADY_EXISTS', `Topic '${name}' already exists.`)
  const colliding = image.colliding(name)
  if (colliding !== undefined)
    throw kafkaError(
      'INVALID_TOPIC_EXCEPTION',
      `Topic '${name}' collides with existing topic '${colliding}': '.' and '_' count as the same.`,
    )
}

const countPartitions = (spec: TopicSpec, nodeId: number, settings: BrokerSettings): number => {
  if (spec.assignments.length > 0) return countAssigned(spec, nodeId)
  const factor =
    spec.replicationFactor === -1 ? settings['default.replication.factor'] : spec.replicationFactor
  if (factor <= 0)
    throw kafkaError('INVALID_REPLICATION_FACTOR', 'Replication factor must be larger than 0.')
  if (factor > 1 && !settings['odradek.replication.factor.clamp'])
    throw kafkaError(
      'INVALID_REPLICATION_FACTOR',
      `Unable to replicate the partition ${factor} times: there is one broker. Ask for a ` +
        'replication factor of 1 or -1, or start the broker with odradek.replication.factor.clamp=true.',
    )
  const count = spec.numPartitions === -1 ? settings['num.partitions'] : spec.numPartitions
  if (count <= 0)
    throw kafkaError('INVALID_PARTITIONS', 'Number of partitions must be larger than 0.')
  return count
}

const countAssigned = (spec: TopicSpec, nodeId: number): number => {
  if (spec.numPartitions !== -1 || spec.replicationFactor !== -1)
    throw kafkaError(
      'INVALID_REQUEST',
      'With manual assignments the number of partitions and the replication factor must be -1.',
    )
  const seen = new Set<number>()
  for (const { partitionIndex, brokerIds } of spec.assignments) {
    if (seen.has(partitionIndex))
      throw kafkaError(
        'INVALID_REPLICA_ASSIGNMENT',
        `Partition ${partitionIndex} is assigned twice.`,
      )
    seen.add(partitionIndex)
    if (brokerIds.length !== 1 || brokerIds[0] !== nodeId)
      throw kafkaError(
        'INVALID_REPLICA_ASSIGNMENT',
        `Partition ${partitionIndex} must be assigned to broker ${nodeId} and no other.`,
      )
  }
  for (let index = 0; index < seen.size; index += 1)
    if (!seen.has(index))
      throw kafkaError(
        'INVALID_REPLICA_ASSIGNMENT',
        `Partitions must be numbered from 0 without gaps: ${index} is missing.`,
      )
  return seen.size
}

const configsOf = (spec: TopicSpec): Record<string, string> => {
  const configs: Record<string, string> = Object.create(null)
  for (const { name, value } of spec.configs) {
    if (value === null)
      throw kafkaError('INVALID_CONFIG', `The config '${name}' needs a value, not null.`)
    if (name in configs) throw kafkaError('INVALID_CONFIG', `The config '${name}' is given twice.`)
    configs[name] = value
  }
  return { ...configs }
}
