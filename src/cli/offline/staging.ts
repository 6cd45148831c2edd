// Where partitions are looked through before they become part of a data folder: a data folder of its own,
// which the log itself opens, so that what is imported is what the log believes in.
import { join } from 'node:path'
import { copyPartition, type KafkaFolder, type KafkaTopic } from '#kafka-files'
import {
  adoptPartitions,
  describeDamage,
  inspectPartition,
  LocalLog,
  type OpenPartition,
} from '#log'
import { logConfig } from '#metadata'
import type { BrokerSettings } from '#settings'
import type { World } from '#world'
import { CommandError } from '../command.ts'

const stagingName = 'import-staging'
const dayMs = 86_400_000
/** Files that the log has open at one time; it only looks at what it opens. */
const openFilesMax = 64

/** Copies of partitions, beside the data folder's own. */
export class Staging {
  readonly #world: World
  readonly #settings: BrokerSettings
  readonly #target: string
  readonly #path: string

  constructor(world: World, settings: BrokerSettings, target: string) {
    this.#world = world
    this.#settings = settings
    this.#target = target
    this.#path = join(target, stagingName)
  }

  /** Makes it empty. */
  async begin(): Promise<void> {
    await this.remove()
    await this.#world.disk.makeFolder(this.#path)
  }

  remove(): Promise<void> {
    return this.#world.disk.remove(this.#path)
  }

  /** Copies a topic's partitions and checks every batch; throws a `CommandError` for a damaged one. Resolves to the bytes copied. */
  async copy(kafka: KafkaFolder, topic: KafkaTopic): Promise<number> {
    const { disk } = this.#world
    let size = 0
    for (const name of foldersOf(topic)) {
      const folder = join(this.#path, name)
      size += await copyPartition(disk, join(kafka.path, name), folder, topic.id)
      const inspection = await inspectPartition(disk, folder, {
        recoveryPoint: kafka.logEnds.get(name) ?? 0,
        logStart: kafka.logStarts.get(name),
      })
      const [damage] = describeDamage(inspection)
      if (damage !== undefined || inspection.tornTail)
        throw new CommandError(`${name} is damaged: ${damage ?? 'its end is torn'}.`)
    }
    return size
  }

  /**
   * Has the log open the copies and close them in order. Open transactions are ended by an ABORT marker,
   * or without `abortOpen` refused with a `CommandError` that names them.
   */
  async settle(
    kafka: KafkaFolder,
    topics: readonly KafkaTopic[],
    abortOpen: boolean,
  ): Promise<number> {
    const { disk, clock, random, logger, threads } = this.#world
    const names = topics.flatMap(foldersOf)
    await this.#writeCheckpoint('recovery-point-offset-checkpoint', names, kafka.logEnds)
    await this.#writeCheckpoint('log-start-offset-checkpoint', names, kafka.logStarts)
    const settings = {
      folder: this.#path,
      openFilesMax,
      freeBytesMin: 0,
      commitLogSize: 0,
      producersMax: this.#settings['odradek.producer.state.max'],
      retentionCheckMs: dayMs,
      producerExpirationMs: this.#settings['producer.id.expiration.ms'],
      producerExpirationCheckMs: dayMs,
    }
    const log = new LocalLog(disk, clock, random, logger, settings, threads)
    try {
      const partitions = topics.flatMap((topic) => this.#partitionsOf(topic))
      await log.open(partitions)
      for (const partition of partitions) checkOpened(log, partition, kafka)
      return await endTransactions(log, partitions, abortOpen)
    } finally {
      await log.close()
    }
  }

  /** Moves the partitions into the data folder. */
  async adopt(topics: readonly KafkaTopic[]): Promise<void> {
    await adoptPartitions(this.#world.disk, this.#path, this.#target, topics.flatMap(foldersOf))
    await this.remove()
  }

  async #writeCheckpoint(
    file: string,
    names: readonly string[],
    offsets: ReadonlyMap<string, number>,
  ): Promise<void> {
    const lines = names.flatMap((name) => {
      const offset = offsets.get(name)
      return offset === undefined ? [] : [`${name.replace(/-(\d+)$/, ' $1')} ${offset}`]
    })
    const text = ['0', lines.length, ...lines, ''].join('\n')
    const target = await this.#world.disk.open(join(this.#path, file), 'create')
    await target.write([Buffer.from(text)], 0).finally(() => target.close())
  }

  #partitionsOf(topic: KafkaTopic): OpenPartition[] {
    // Nothing goes by its age or its key before the broker has started.
    const config = { ...logConfig(topic.configs, this.#settings), deletes: false, compacted: false }
    return topic.leaderEpochs.map((_, partition) => ({
      topicId: topic.id,
      topic: topic.name,
      partition,
      leaderEpoch: leaderEpochOf(topic),
      config,
    }))
  }
}

/** The leader epoch of an import: above all that Kafka gave to the topic. */
export const leaderEpochOf = ({ leaderEpochs }: KafkaTopic): number =>
  leaderEpochs.reduce((highest, epoch) => Math.max(highest, epoch), 0) + 1

const foldersOf = ({ name, leaderEpochs }: KafkaTopic): string[] =>
  leaderEpochs.map((_, partition) => `${name}-${partition}`)

const checkOpened = (log: LocalLog, partition: OpenPartition, { logEnds }: KafkaFolder): void => {
  const name = `${partition.topic}-${partition.partition}`
  const bounds = log.bounds(partition)
  if (!bounds || bounds.offline || bounds.damaged)
    throw new CommandError(`${name} is damaged: see the lines above.`)
  const end = logEnds.get(name) ?? bounds.end
  if (bounds.end !== end)
    throw new CommandError(`${name} ends at ${bounds.end}, and Kafka says that it ends at ${end}.`)
}

const endTransactions = async (
  log: LocalLog,
  partitions: readonly OpenPartition[],
  abortOpen: boolean,
): Promise<number> => {
  const open = log.openTransactions()
  const [first] = open
  if (!first) return 0
  const { topic } = partitions.find(({ topicId }) => topicId === first.topicId)!
  if (!abortOpen)
    throw new CommandError(
      `Producer ${first.producerId} has an open transaction in ${topic}-${first.partition} from offset ` +
        `${first.firstOffset} on (${open.length} in all): end it in Kafka, or abort it with --abort-open.`,
    )
  const outcomes = await log.appendMarkers(
    open.map(({ topicId, partition, producerId, epoch }) => ({
      ...{ topicId, partition, producerId, epoch },
      ...{ commit: false, version: 1 as const },
    })),
  )
  const failed = outcomes.find((outcome) => outcome !== null)
  if (failed !== undefined)
    throw new CommandError(`An open transaction could not be aborted: ${failed}.`)
  return open.length
}
