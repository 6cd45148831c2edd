import { join } from 'node:path'
import {
  allHandlers,
  type BrokerContext,
  FetchSessions,
  FetchWaits,
  twoPhaseInitProducerId,
} from '#handlers'
import { LocalLog, type LogEngine } from '#log'
import { Catalog, MetadataStore, ProducerIds } from '#metadata'
import type { Metrics } from '#metrics'
import { kafkaError } from '#model'
import { Dispatcher, KafkaServer } from '#server'
import type { Endpoint, Settings } from '#settings'
import { type Database, DatabaseError, type World } from '#world'
import { refuseWithoutMetadata, startErrorOf, takeDataFolder } from './data-folder.ts'
import { startGroups } from './groups.ts'
import { localLogSettings } from './log-settings.ts'
import { serveMetrics } from './metrics.ts'
import { portError } from './port-error.ts'
import { serverSettings } from './server-settings.ts'
import { startTransactions } from './transactions.ts'

/** A broker that answers. */
export interface Broker {
  address: Endpoint
  /** Where metrics are read, if anywhere. */
  metrics: Endpoint | undefined
  folder: string
  /** Answers what waits, lets what is being served finish, syncs, and closes everything. */
  stop(): Promise<void>
}

/** What has to be undone, last first. */
type Undo = (() => Promise<void>)[]

/**
 * Starts a broker: takes the data folder, reads the metadata, recovers the logs, opens the port. Throws
 * a `StartError` whose message says what to do. `failed` hears of a failure after which nothing may be
 * acknowledged any more, and has to end the process.
 */
export const startBroker = async (
  world: World,
  settings: Settings,
  failed: (sentence: string) => void,
): Promise<Broker> => {
  const undo: Undo = []
  const stop = async (): Promise<void> => {
    for (const step of undo.splice(0).reverse()) await step()
  }
  try {
    const addresses = await assemble(world, settings, failed, undo)
    return { ...addresses, folder: settings.folder, stop }
  } catch (error) {
    await stop()
    throw startErrorOf(error, settings.folder)
  }
}

const assemble = async (
  world: World,
  settings: Settings,
  failed: (sentence: string) => void,
  undo: Undo,
): Promise<Pick<Broker, 'address' | 'metrics'>> => {
  const { clock, random, logger } = world
  const { folder, broker } = settings
  const lock = await takeDataFolder(world.disk, world.databases, folder)
  undo.push(() => lock.release())
  const served = await serveMetrics(world, settings)
  undo.push(async () => served?.metrics.close())
  const database = await world.databases.open(join(folder, 'metadata.db'))
  const watchedDatabase = watched(database, failed)
  const store = new MetadataStore(watchedDatabase)
  undo.push(() => store.close())
  const state = await store.start(random, () => refuseWithoutMetadata(world.disk, folder))
  const engineSettings = localLogSettings(settings)
  const logs = new LocalLog(world.disk, clock, random, logger, engineSettings, world.threads)
  served?.metrics.watchLog({
    log: () => logs.figures(),
    freeBytes: () => world.disk.freeBytes(folder),
  })
  const catalog = new Catalog(store, logs, clock, random, state, broker)
  const { producerIdMax } = await logs.open(catalog.partitions())
  undo.push(() => logs.close())
  const groups = await startGroups(world, settings, watchedDatabase, catalog)
  undo.push(() => groups.stop())
  const producerIds = new ProducerIds(store, producerIdMax)
  const { stop: stopTransactions, ...transactions } = await startTransactions(
    world,
    settings,
    watchedDatabase,
    logs,
    producerIds,
  )
  undo.push(stopTransactions)
  const context: BrokerContext = {
    catalog,
    logs,
    groups: groups.groups,
    groupConfigs: groups.groupConfigs,
    ...transactions,
    producerIds,
    fetchSessions: new FetchSessions(
      clock,
      random,
      broker['max.incremental.fetch.session.cache.slots'],
    ),
    fetchWaits: parkFetches(logs, world, undo),
    clock,
    random,
    logger,
    settings: broker,
    origins: settings.origins,
    served: [],
    advertised: settings.advertised,
  }
  served?.metrics.watchCoordinators({
    groups: () => groups.groups.known(),
    transactions: () => transactions.transactions.known(),
    nowMs: clock.nowMs,
  })
  const address = await openPort(world, settings, context, undo, served?.metrics)
  served?.metrics.ready()
  return { address, metrics: served?.address }
}

/** A commit of the metadata that failed has lost its pages (D5): nothing may be promised any more. */
const watched = (database: Database, failed: (sentence: string) => void): Database => ({
  write: async (statements) => {
    try {
      return await database.write(statements)
    } catch (error) {
      if (error instanceof DatabaseError && error.code === 'DATABASE_FAILED')
        failed(
          `The metadata could not be written (${error.message}): see to the disk and start again.`,
        )
      if (error instanceof DatabaseError && error.code === 'DATABASE_FULL')
        throw kafkaError(
          'KAFKA_STORAGE_ERROR',
          'The disk of the broker is full: nothing was changed; make room and try again.',
        )
      throw error
    }
  },
  close: () => database.close(),
})

const parkFetches = (logs: LogEngine, { clock }: World, undo: Undo): FetchWaits => {
  const fetchWaits = new FetchWaits(clock)
  logs.onMovement((movements) => fetchWaits.moved(movements))
  undo.push(async () => fetchWaits.close())
  return fetchWaits
}

const openPort = async (
  world: World,
  settings: Settings,
  context: BrokerContext,
  undo: Undo,
  metrics: Metrics | undefined,
): Promise<Endpoint> => {
  const dispatcher = new Dispatcher(world.logger)
  const { listener } = settings
  const server = new KafkaServer(
    world.network,
    world.clock,
    world.logger,
    dispatcher,
    serverSettings(settings.broker, listener),
  )
  dispatcher.serve(allHandlers, context)
  if (settings.broker['transaction.two.phase.commit.enable'])
    dispatcher.serve([twoPhaseInitProducerId], context)
  metrics?.watchServer({
    server: () => server.figures,
    apis: () => dispatcher.figures,
    parkedFetches: () => context.fetchWaits.count,
  })
  try {
    const address = await server.listen()
    undo.push(async () => {
      context.fetchWaits.close()
      const closed = [context.groups.close(), context.transactions.close()]
      await server.stop()
      await Promise.all(closed)
    })
    const { host, port } = settings.advertised
    context.advertised = { host, port: port === 0 ? address.port : port }
    context.served = dispatcher.served
    return address
  } catch (error) {
    throw portError(error, listener, { port: '--port', host: '--host' })
  }
}
