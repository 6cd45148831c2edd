import { join } from 'node:path'
import {
  awayName,
  exchangeFolders,
  exportPartition,
  hasRecords,
  type KafkaFolder,
  type KafkaTopic,
  type Replacement,
  readKafkaTopics,
  withKafkaFolder,
} from '#kafka-files'
import { MetadataStore, type StoredState } from '#metadata'
import type { World } from '#world'
import { type Command, CommandError } from '../command.ts'
import { asCommandError } from './import-plan.ts'
import { readOptions } from './options.ts'
import { type StoppedFolder, withStoppedFolder } from './stopped-folder.ts'

const usage = 'The options are --to FOLDER, the data folder of a stopped Kafka, and --data DIR.'

/**
 * `odradek export kafka --to FOLDER [--data DIR]`: puts the records of all topics of a stopped broker into a
 * stopped Kafka, where topics of the same names and partition counts are and hold nothing. Committed offsets
 * and configs stay as they are there.
 */
export const exportKafka: Command = async ({ args, world, say }) => {
  const { values } = readOptions(args, { valued: ['--to', '--data'], plain: [] }, usage)
  const to = values.get('--to')
  if (to === undefined) throw new CommandError(usage)
  const data = values.get('--data') ?? './odradek-data'
  try {
    await withStoppedFolder(data, world, (ours) =>
      withKafkaFolder(to, world, (kafka) => runExport(ours, kafka, world, say)),
    )
  } catch (error) {
    throw asCommandError(error)
  }
  return 0
}

/** A partition and where it goes. */
interface Move {
  name: string
  partition: number
  kafkaTopic: KafkaTopic
}

const runExport = async (
  ours: StoppedFolder,
  kafka: KafkaFolder,
  world: World,
  say: (line: string) => void,
): Promise<void> => {
  const { disk } = world
  if (!ours.isClean)
    throw new CommandError('The broker did not stop in order: start it and stop it once.')
  const topics = await topicsOf(ours, world)
  const there = new Map((await readKafkaTopics(disk, kafka.path)).map((each) => [each.name, each]))
  const moves = topics.flatMap((topic) => movesOf(topic, there.get(topic.name)))
  for (const { name } of moves)
    if (kafka.names.has(name) && (await hasRecords(disk, join(kafka.path, name))))
      throw new CommandError(
        `${name} has had records in Kafka: delete the topic and make it again.`,
      )
  const { recoveryPoints, logStarts } = ours.checkpoints
  const present = new Set(await disk.list(ours.path))
  const replacements: Replacement[] = []
  let size = 0
  try {
    for (const { name, partition, kafkaTopic } of moves) {
      // A partition that never had a record has no folder.
      if (!present.has(name)) continue
      const away = awayName(replacements.length)
      const logEnd = recoveryPoints.get(name) ?? 0
      await disk.remove(join(kafka.path, away))
      replacements.push({ name, away, logStart: logStarts.get(name) ?? 0, logEnd })
      size += await exportPartition(disk, join(ours.path, name), join(kafka.path, away), {
        topicId: kafkaTopic.id,
        leaderEpochMax: kafkaTopic.leaderEpochs[partition]!,
        logEnd,
      })
    }
  } catch (error) {
    for (const { away } of replacements) await disk.remove(join(kafka.path, away))
    throw error
  }
  await exchangeFolders(disk, kafka, replacements)
  say(`${topics.length} topics, ${moves.length} partitions, ${size} bytes exported`)
}

const topicsOf = async (
  { path }: StoppedFolder,
  { databases, random }: World,
): Promise<StoredState['topics']> => {
  const store = new MetadataStore(await databases.open(join(path, 'metadata.db')))
  try {
    const { topics } = await store.start(random, async () => {
      throw new CommandError(`${path} has never been served by a broker: there is nothing in it.`)
    })
    return topics
  } finally {
    await store.close()
  }
}

const movesOf = (
  { name, partitionCount }: StoredState['topics'][number],
  kafkaTopic: KafkaTopic | undefined,
): Move[] => {
  if (kafkaTopic?.leaderEpochs.length !== partitionCount)
    throw new CommandError(
      `Kafka has no topic '${name}' of ${partitionCount} partitions: start it, make the topic, and stop it.`,
    )
  if (kafkaTopic.replicationFactor > 1)
    throw new CommandError(
      `Topic '${name}' has ${kafkaTopic.replicationFactor} replicas in Kafka, and the others would hold nothing: make it with one.`,
    )
  return Array.from({ length: partitionCount }, (_, partition) => ({
    name: `${name}-${partition}`,
    partition,
    kafkaTopic,
  }))
}
