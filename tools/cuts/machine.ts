// A machine with a broker on it, without its wire: a data folder on a simulated disk, a database, and the
// parts that a broker is made of, started in the order in which a broker starts them.
import { join } from 'node:path'
import {
  ConsumerGroups,
  classicSettings,
  modernGroupSettings,
  TransactionalAppends,
  type TransactionLog,
  type TransactionStore,
  Transactions,
  topicsImage,
  transactionSettings,
} from '#coordinators'
import { LocalLog, type LogConfig, type LogEngine } from '#log'
import {
  Catalog,
  GroupConfigs,
  MetadataStore,
  ProducerIds,
  SqlGroupStore,
  SqlTransactionStore,
} from '#metadata'
import { loadSettings } from '#settings'
import { type SeededRandom, SimulatedDatabases, SimulatedDisk, Simulation } from '#testing'
import type { Databases, Disk, Logger } from '#world'

/** Bugs planted between a broker and its disk, or its coordinator of transactions and what that uses. */
export interface Plant {
  disk?: (disk: Disk) => Disk
  databases?: (databases: Databases) => Databases
  /** For SQLite, after the broker's own. */
  pragmas?: readonly string[]
  transactionLog?: (log: TransactionLog) => TransactionLog
  transactionStore?: (store: TransactionStore) => TransactionStore
  transactions?: (transactions: Transactions) => Transactions
}

/** A broker without its wire. */
export interface Broker {
  starts: number
  clusterId: string
  catalog: Catalog
  logs: LogEngine
  groups: ConsumerGroups
  /** The committed offsets of a group, straight from the database. */
  offsets: SqlGroupStore['offsets']
  groupConfigs: GroupConfigs
  transactions: Transactions
  transactionalAppends: TransactionalAppends
  producerIds: ProducerIds
  /** Stops as a broker does. */
  stop(): Promise<void>
}

const folder = '/data'
const { broker: settings } = loadSettings({ sets: ['log.retention.ms=-1'], flags: {} })

/** No topic's segments may be smaller than a megabyte, and so many bytes no history writes. */
const segmentShrinkage = 1748

const shrunk = (config: LogConfig): LogConfig => ({
  ...config,
  segmentBytes: Math.ceil(config.segmentBytes / segmentShrinkage),
})

/** Data that outlives the power cuts of its machine. */
export class Machine {
  readonly warnings: string[] = []
  readonly #random: SeededRandom
  readonly #plant: Plant
  #simulation: Simulation
  #disk: SimulatedDisk
  #databases: SimulatedDatabases
  #lives = 0

  constructor(random: SeededRandom, plant: Plant) {
    this.#random = random
    this.#plant = plant
    this.#simulation = new Simulation(random.fork())
    this.#disk = new SimulatedDisk(this.#simulation, random.fork())
    this.#databases = new SimulatedDatabases(this.#disk, random.fork(), this.#databaseOptions())
  }

  get simulation(): Simulation {
    return this.#simulation
  }

  get disk(): SimulatedDisk {
    return this.#disk
  }

  async makeFolder(): Promise<void> {
    await this.#simulation.until(this.#disk.makeFolder(folder))
    await this.#simulation.until(this.#disk.syncFolder('/'))
  }

  /** Names of what the data folder holds. */
  list(): Promise<string[]> {
    return this.#simulation.until(this.#disk.list(folder))
  }

  /** A broker that has started; undefined when the power went first. */
  start(): Promise<Broker | undefined> {
    this.#lives += 1
    return this.orCut(this.#start())
  }

  /** Waits for what the power may take away; undefined when it did. */
  async orCut<T>(promise: Promise<T>): Promise<T | undefined> {
    let settled: { value: T } | { error: unknown } | undefined
    promise.then(
      (value) => {
        settled = { value }
      },
      (error: unknown) => {
        settled = { error }
      },
    )
    while (!settled && !this.#disk.isCut) await this.#simulation.pass(0.1)
    if (settled && 'error' in settled) throw settled.error
    return settled?.value
  }

  /** The power goes, and comes again. */
  cut(): void {
    const next = new Simulation(this.#random.fork(), this.#simulation.clock.nowMs() + 1000)
    this.#disk = this.#disk.cut(next)
    this.#databases = this.#databases.cut(this.#disk, this.#databaseOptions())
    this.#simulation = next
  }

  dispose(): void {
    this.#databases.dispose()
  }

  #databaseOptions() {
    const pages = this.#random.pick([5, 20, 100])
    return { pragmas: [`wal_autocheckpoint=${pages}`, ...(this.#plant.pragmas ?? [])] }
  }

  async #start(): Promise<Broker> {
    const { clock } = this.#simulation
    const note = (text: string, fields?: object): void => {
      this.warnings.push(`life ${this.#lives}: ${text} ${JSON.stringify(fields ?? {})}`)
    }
    const logger: Logger = { info: note, warn: note, error: note }
    const { disk: ofDisk, databases: ofDatabases } = this.#plant
    const databases = ofDatabases?.(this.#databases) ?? this.#databases
    const random = this.#random.fork()
    const database = await databases.open(join(folder, 'metadata.db'))
    const store = new MetadataStore(database)
    const state = await store.start(random, async () => undefined)
    const logs = new LocalLog(ofDisk?.(this.#disk) ?? this.#disk, clock, random, logger, {
      folder,
      openFilesMax: random.pick([2, 5, 100]),
      freeBytesMin: 0,
      commitLogSize: random.pick([0, 12_000, 100_000]),
      producersMax: 1000,
      retentionCheckMs: 50,
      producerExpirationMs: 86_400_000,
      producerExpirationCheckMs: 600_000,
    })
    const topicLogs: ConstructorParameters<typeof Catalog>[1] = {
      open: (all) => logs.open(all.map((each) => ({ ...each, config: shrunk(each.config) }))),
      configure: (id, config) => logs.configure(id, shrunk(config)),
      drop: (ids) => logs.drop(ids),
    }
    const catalog = new Catalog(store, topicLogs, clock, random, state, settings)
    const { producerIdMax } = await topicLogs.open(catalog.partitions())
    const groupStore = new SqlGroupStore(database, clock)
    await groupStore.start()
    const around = { topics: topicsImage(1, []), settings: modernGroupSettings(settings) }
    const groups = new ConsumerGroups(groupStore, clock, classicSettings(settings), () => around)
    await groups.start()
    const groupConfigs = new GroupConfigs(database)
    await groupConfigs.start()
    const producerIds = new ProducerIds(store, producerIdMax)
    const transactionStore = new SqlTransactionStore(database)
    const made = new Transactions(
      this.#plant.transactionStore?.(transactionStore) ?? transactionStore,
      this.#plant.transactionLog?.(logs) ?? logs,
      producerIds,
      clock,
      transactionSettings(settings),
    )
    const transactions = this.#plant.transactions?.(made) ?? made
    await transactions.start()
    return {
      starts: state.starts,
      clusterId: state.clusterId,
      catalog,
      logs,
      groups,
      offsets: (groupId, partitions) => groupStore.offsets(groupId, partitions),
      groupConfigs,
      transactions,
      transactionalAppends: new TransactionalAppends(transactions),
      producerIds,
      stop: async () => {
        await transactions.close()
        await groups.close()
        await logs.close()
        await store.close()
      },
    }
  }
}
