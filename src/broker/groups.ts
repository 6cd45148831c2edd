import {
  ConsumerGroups,
  classicSettings,
  type KnownTopic,
  modernGroupSettings,
  type SurroundingsOf,
  type TopicsImage,
} from '#coordinators'
import { type Catalog, GroupConfigs, SqlGroupStore, type Topic } from '#metadata'
import { KafkaError } from '#model'
import { type BrokerSettings, groupConfig, type Settings } from '#settings'
import type { Database, Timer, World } from '#world'
import { steadyTime } from './steady-time.ts'

/** The groups of a running broker. */
export interface RunningGroups {
  groups: ConsumerGroups
  groupConfigs: GroupConfigs
  stop(): Promise<void>
}

/** Loads the groups, and looks for offsets to be forgotten from time to time. */
export const startGroups = async (
  { clock, logger }: World,
  { broker }: Settings,
  database: Database,
  catalog: Catalog,
): Promise<RunningGroups> => {
  const store = new SqlGroupStore(database, clock)
  await store.start()
  const groupConfigs = new GroupConfigs(database)
  await groupConfigs.start()
  const groups = new ConsumerGroups(
    store,
    steadyTime(clock),
    classicSettings(broker),
    surroundings(broker, groupConfigs, topicsOf(catalog)),
  )
  await groups.start()
  const retentionMs = broker['offsets.retention.minutes'] * 60_000
  const topicIdOf = (name: string) => catalog.named(name)?.id
  let timer: Timer | undefined
  const expire = async (): Promise<void> => {
    try {
      await groups.expire(retentionMs, Math.floor(clock.nowMs()), topicIdOf)
    } catch (error) {
      // The store is full, or the broker stops: what is old stays until the next look.
      if (!(error instanceof KafkaError)) throw error
      logger.warn('old offsets could not be forgotten', { error: error.message })
    }
    wait()
  }
  const wait = (): void => {
    if (isStopped) return
    timer = clock.after(broker['offsets.retention.check.interval.ms'], () => void expire())
  }
  let isStopped = false
  wait()
  const stop = (): Promise<void> => {
    isStopped = true
    timer?.cancel()
    return groups.close()
  }
  return { groups, groupConfigs, stop }
}

const surroundings = (
  broker: BrokerSettings,
  configs: GroupConfigs,
  topics: TopicsImage,
): SurroundingsOf => {
  const ofMost = modernGroupSettings(broker)
  return (groupId) => {
    const own = configs.of(groupId)
    const hasOwn = Object.keys(own).length > 0
    return { topics, settings: hasOwn ? modernGroupSettings(broker, groupConfig(own)) : ofMost }
  }
}

/** The topics as they are at any moment: a command looks at them without a pause. */
const topicsOf = (catalog: Catalog): TopicsImage => {
  const known = (topic: Topic | undefined): KnownTopic | undefined =>
    topic && { topicId: topic.id, name: topic.name, partitionCount: topic.partitionCount }
  return {
    get version() {
      return catalog.version
    },
    byName: (name) => known(catalog.named(name)),
    byId: (topicId) => known(catalog.identified(topicId)),
    *names() {
      for (const { name } of catalog.all()) yield name
    },
  }
}
