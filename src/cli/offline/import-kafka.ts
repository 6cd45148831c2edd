import {
  type KafkaFolder,
  readDecidedCommits,
  readKafkaGroups,
  withKafkaFolder,
} from '#kafka-files'
import { importMetadata } from '#metadata'
import { loadSettings } from '#settings'
import type { World } from '#world'
import { type Command, CommandError } from '../command.ts'
import { asCommandError, groupsToImport, topicsToImport } from './import-plan.ts'
import { type ImportTarget, withImportTarget } from './import-target.ts'
import { readOptions } from './options.ts'
import { leaderEpochOf, Staging } from './staging.ts'

const usage =
  'The options are --from FOLDER, the data folder of a stopped Kafka, --data DIR and --abort-open.'

/**
 * `odradek import kafka --from FOLDER [--data DIR] [--abort-open]`: takes over all topics of a stopped
 * Kafka with their offsets, ids and configs, and what groups have committed. All of it, or nothing.
 */
export const importKafka: Command = async ({ args, world, say }) => {
  const taken = { valued: ['--from', '--data'], plain: ['--abort-open'] }
  const { values, plain } = readOptions(args, taken, usage)
  const from = values.get('--from')
  if (from === undefined) throw new CommandError(usage)
  const data = values.get('--data') ?? './odradek-data'
  const abortOpen = plain.has('--abort-open')
  try {
    await withKafkaFolder(from, world, (kafka) =>
      withImportTarget(data, world, (target) => runImport(kafka, target, world, abortOpen, say)),
    )
  } catch (error) {
    throw asCommandError(error)
  }
  return 0
}

const runImport = async (
  kafka: KafkaFolder,
  target: ImportTarget,
  world: World,
  abortOpen: boolean,
  say: (line: string) => void,
): Promise<void> => {
  const settings = loadSettings({ sets: [], flags: {} }).broker
  const topics = await topicsToImport(kafka, world, target, settings)
  const [decided] = await readDecidedCommits(world.disk, kafka.path)
  // To abort it would take back what other partitions, and its client, may know to be committed.
  if (decided !== undefined)
    throw new CommandError(
      `The transaction of '${decided}' is being committed: start Kafka, and stop it once that is done.`,
    )
  const found = await readKafkaGroups(world.disk, kafka.path)
  if (found.openTransactions > 0 && !abortOpen)
    throw new CommandError(
      `${found.openTransactions} open transactions have offsets to commit: end them in Kafka, or abort them with --abort-open.`,
    )
  const groups = groupsToImport(found.groups, topics)
  const staging = new Staging(world, settings, target.path)
  await staging.begin()
  let size = 0
  let aborted = 0
  try {
    for (const topic of topics) size += await staging.copy(kafka, topic)
    aborted = await staging.settle(kafka, topics, abortOpen)
    await staging.adopt(topics)
  } catch (error) {
    await staging.remove()
    throw error
  }
  await importMetadata(
    target.database,
    target.state.starts,
    topics.map((topic) => ({
      id: topic.id,
      name: topic.name,
      configs: topic.configs,
      partitionCount: topic.leaderEpochs.length,
      leaderEpoch: leaderEpochOf(topic),
    })),
    groups,
    world.clock.nowMs(),
  )
  if (aborted > 0) say(`${aborted} open transactions were aborted`)
  const partitions = topics.reduce((sum, { leaderEpochs }) => sum + leaderEpochs.length, 0)
  const offsets = groups.reduce((sum, group) => sum + group.offsets.length, 0)
  say(`${topics.length} topics, ${partitions} partitions, ${size} bytes imported`)
  say(`${groups.length} groups with ${offsets} committed offsets imported`)
}
