import {
  KafkaFilesError,
  type KafkaFolder,
  type KafkaGroup,
  type KafkaTopic,
  readKafkaTopics,
} from '#kafka-files'
import type { ImportedGroup } from '#metadata'
import { isInternalTopic, KafkaError, topicNamesCollide } from '#model'
import { type BrokerSettings, checkTopicConfigs } from '#settings'
import { DatabaseError, DiskError, type World } from '#world'
import { CommandError } from '../command.ts'
import type { ImportTarget } from './import-target.ts'

/** The topics to be imported; throws a `CommandError` when the data folder cannot take one of them. */
export const topicsToImport = async (
  kafka: KafkaFolder,
  { disk }: World,
  target: ImportTarget,
  settings: BrokerSettings,
): Promise<KafkaTopic[]> => {
  const topics = (await readKafkaTopics(disk, kafka.path)).filter(
    ({ name }) => !isInternalTopic(name),
  )
  for (const topic of topics) checkTopic(topic, target, settings)
  return topics
}

const checkTopic = (
  { id, name, configs, leaderEpochs }: KafkaTopic,
  { state, names, path }: ImportTarget,
  settings: BrokerSettings,
): void => {
  if (leaderEpochs.length === 0)
    throw new CommandError(`Kafka's metadata has no partitions of topic '${name}'.`)
  for (const other of state.topics)
    if (topicNamesCollide(other.name, name) || other.id === id)
      throw new CommandError(
        `${path} has a topic '${other.name}' already: delete it, or import into another folder.`,
      )
  leaderEpochs.forEach((_, partition) => {
    if (names.has(`${name}-${partition}`))
      throw new CommandError(
        `${path} has a folder ${name}-${partition} that belongs to no topic, as after an import that ` +
          'was cut short: start the broker and stop it once, which sets it aside.',
      )
  })
  try {
    checkTopicConfigs(configs, settings)
  } catch (error) {
    if (!(error instanceof KafkaError)) throw error
    throw new CommandError(`Topic '${name}' cannot be imported: ${error.message}`)
  }
}

/** The groups with the offsets of imported topics, which then go by the topic's id. */
export const groupsToImport = (
  groups: readonly KafkaGroup[],
  topics: readonly KafkaTopic[],
): ImportedGroup[] => {
  const byName = new Map(topics.map((topic) => [topic.name, topic]))
  return groups
    .map(({ groupId, protocolType, offsets }) => ({
      groupId,
      protocolType,
      offsets: offsets.flatMap(({ topic, partition, ...commit }) => {
        const found = byName.get(topic)
        const isThere = found !== undefined && partition < found.leaderEpochs.length
        return isThere ? [{ topicId: found.id, partition, ...commit }] : []
      }),
    }))
    .filter(({ offsets }) => offsets.length > 0)
}

/** Says errors of Kafka's files, of the disk and of the database in the way of commands. */
export const asCommandError = (error: unknown): unknown =>
  error instanceof KafkaFilesError || error instanceof DiskError || error instanceof DatabaseError
    ? new CommandError(error.message)
    : error
