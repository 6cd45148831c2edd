// One life of a group: members of both protocols come, go, crash, freeze and miss answers; the store
// fails, the coordinator starts anew, clocks jump and topics change. All the while nobody may own what
// another owns in the same epoch, and what is stored has to be what the machine says. When peace comes
// everyone has to find together.
import { isDeepStrictEqual } from 'node:util'
import { classicRowsOf, type GroupMachine, rowsOf } from '#coordinators'
import { MetadataStore, SqlGroupStore } from '#metadata'
import { SeededRandom, Simulation } from '#testing'
import { loadDatabaseFile } from '#world'
import { ClassicClient } from './classic-client.ts'
import type { Client } from './client.ts'
import { Coordinator, groupId, type Plant } from './coordinator.ts'
import { FlakyDatabase } from './flaky-database.ts'
import { ModernClient } from './modern-client.ts'
import { Network } from './network.ts'
import { Topics, topicNames } from './topics.ts'

const { DatabaseFile } = await loadDatabaseFile()

const clientsMax = 6
const stormMs = 60_000
/** How long everyone may take to find together, in ms: some sessions and a few rounds. */
const peaceMs = 120_000

/** What a history is made of. */
export interface HistoryOptions {
  seed: string
  plant?: Plant
}

/** What happened in it. */
export interface HistoryReport {
  clients: number
  restarts: number
  /** How often what is stored was held against the machine. */
  comparisons: number
  /** How often partitions changed their owners. */
  moves: number
}

/** Lives through a history; throws what went wrong. */
export const liveThrough = async (options: HistoryOptions): Promise<HistoryReport> => {
  const history = await History.begin(options)
  return history.live()
}

class History {
  readonly #random: SeededRandom
  readonly #simulation: Simulation
  readonly #database: FlakyDatabase
  readonly #topics: Topics
  readonly #network: Network
  readonly #plant: Plant
  readonly #kind: 'classic' | 'modern' | 'both'
  readonly #clients = new Set<Client>()
  readonly #subscriptions = new Map<string, readonly string[]>()
  #coordinator: Coordinator
  #skewMs = 0
  #fault: string | undefined
  readonly #report: HistoryReport = { clients: 0, restarts: 0, comparisons: 0, moves: 0 }

  static async begin({ seed, plant = {} }: HistoryOptions): Promise<History> {
    const random = new SeededRandom(seed)
    const simulation = new Simulation(random.fork())
    const database = new FlakyDatabase(new DatabaseFile(':memory:'), simulation, random.fork())
    await new MetadataStore(database.calm).start(random.fork(), async () => undefined)
    await new SqlGroupStore(database.calm, simulation.clock).start()
    return new History(random, simulation, database, plant)
  }

  private constructor(
    random: SeededRandom,
    simulation: Simulation,
    database: FlakyDatabase,
    plant: Plant,
  ) {
    this.#random = random
    this.#simulation = simulation
    this.#database = database
    this.#plant = plant
    this.#kind = random.pick(['classic', 'modern', 'both'])
    this.#topics = new Topics(random.fork())
    this.#coordinator = this.#startCoordinator()
    this.#network = new Network(simulation, random.fork(), () => this.#coordinator)
  }

  async live(): Promise<HistoryReport> {
    await this.#storm()
    await this.#peace()
    this.#coordinator.isOver = true
    return this.#report
  }

  async #storm(): Promise<void> {
    const { clock } = this.#simulation
    const endMs = clock.monotonicMs() + stormMs
    while (clock.monotonicMs() < endMs) {
      this.#happen()
      await this.#pass(this.#random.between(50, 3000))
    }
  }

  /** Everything works from now on; those who are there must come to own everything between them. */
  async #peace(): Promise<void> {
    this.#network.faultShare = 0
    this.#database.failureShare = 0
    for (const client of this.#clients) client.isFrozen = false
    const { clock } = this.#simulation
    const endMs = clock.monotonicMs() + peaceMs
    while (this.#disagreement() !== undefined) {
      if (clock.monotonicMs() > endMs) throw new Error(`no peace: ${this.#disagreement()}`)
      // The last ones may have been about to go.
      if (this.#clients.size === 0) this.#startClient()
      await this.#pass(500)
    }
    // And it stays so.
    await this.#pass(20_000)
    const later = this.#disagreement()
    if (later !== undefined) throw new Error(`peace did not last: ${later}`)
    const compareEndMs = clock.monotonicMs() + peaceMs
    while (!(await this.#compare())) {
      if (clock.monotonicMs() > compareEndMs) throw new Error('no machine is there to compare')
      await this.#pass(10)
    }
  }

  async #pass(ms: number): Promise<void> {
    await this.#simulation.pass(ms)
    if (this.#fault !== undefined) throw new Error(this.#fault)
    this.#checkMachine()
    await this.#compare()
  }

  #happen(): void {
    const random = this.#random
    const { size } = this.#clients
    if (random.chance(size === 0 ? 1 : 0.2) && size < clientsMax) {
      this.#startClient()
      return
    }
    const client = random.pick([...this.#clients])
    const happenings = [
      () => client.stop('leave'),
      () => client.stop('crash'),
      () => {
        client.isFrozen = !client.isFrozen
      },
      () => this.#topics.disturb(),
      () => this.#restart(),
      () => {
        this.#skewMs += random.pick([500, 5000, 3_600_000])
      },
      () => {
        this.#database.failureShare = random.pick([0, 0, 0.2, 0.6])
      },
      () => {
        this.#network.faultShare = random.pick([0, 0, 0.1, 0.3])
      },
      () => undefined,
    ]
    random.pick(happenings)()
  }

  #startClient(): void {
    const random = this.#random
    this.#report.clients += 1
    const isModern = this.#kind === 'modern' || (this.#kind === 'both' && random.chance(0.5))
    const start = isModern ? ModernClient : ClassicClient
    const instanceId = random.chance(0.3) ? random.pick(['left', 'right']) : null
    const client: Client = new start({
      name: `${isModern ? 'modern' : 'classic'}-${this.#report.clients}`,
      instanceId,
      subscribed: this.#subscriptionOf(instanceId),
      network: this.#network,
      topics: this.#topics,
      random: random.fork(),
      changed: (changed) => this.#checkOwner(changed),
    })
    this.#clients.add(client)
    void client.ended.then(
      () => this.#clients.delete(client),
      (error: Error) => {
        this.#fault ??= error.message
      },
    )
  }

  /** A static member keeps its assignment when it starts anew, and so has to keep its subscription. */
  #subscriptionOf(instanceId: string | null): readonly string[] {
    const known = instanceId === null ? undefined : this.#subscriptions.get(instanceId)
    if (known) return known
    const subscribed = topicNames.filter(() => this.#random.chance(0.7))
    if (instanceId !== null) this.#subscriptions.set(instanceId, subscribed)
    return subscribed
  }

  #startCoordinator(): Coordinator {
    const store = new SqlGroupStore(this.#database, this.#simulation.clock)
    const { plant, skewMs } = { plant: this.#plant, skewMs: () => this.#skewMs }
    const coordinator = new Coordinator(store, this.#simulation, skewMs, this.#topics, plant)
    coordinator.start().catch(() => undefined)
    return coordinator
  }

  #restart(): void {
    this.#report.restarts += 1
    this.#coordinator.isOver = true
    // Its clock may stand anywhere.
    this.#skewMs = this.#random.pick([0, this.#skewMs, 10_000_000])
    this.#coordinator = this.#startCoordinator()
  }

  /** Two that own a partition in one epoch would both take its records, and both could commit. */
  #checkOwner(client: Client): void {
    this.#report.moves += 1
    for (const other of this.#clients) {
      if (other === client || other.epoch !== client.epoch) continue
      // Who takes a static name over goes on where the other was, who is fenced with the next word (KIP-345).
      if (client.instanceId !== null && client.instanceId === other.instanceId) continue
      for (const partition of client.owned)
        if (other.owned.has(partition))
          this.#fault ??= `${client.name} and ${other.name} own ${partition} in epoch ${client.epoch}`
    }
  }

  #checkMachine(): void {
    const { machine } = this.#coordinator
    if (machine?.kind !== 'modern') return
    const holders = new Map<string, string>()
    for (const { memberId, topicId, partition } of rowsOf(machine.state).held) {
      const key = `${topicId}/${partition}`
      const holder = holders.get(key)
      if (holder !== undefined && holder !== memberId)
        throw new Error(`${key} is held by ${holder} and ${memberId}`)
      holders.set(key, memberId)
    }
  }

  /** Holds what is stored against the machine; false when nothing durable is in memory. */
  async #compare(): Promise<boolean> {
    const { durableMachine } = this.#coordinator
    if (durableMachine === undefined) return false
    this.#report.comparisons += 1
    const here = rowsIn(durableMachine)
    const store = new SqlGroupStore(this.#database.calm, this.#simulation.clock)
    const there = rowsIn(await store.load(groupId))
    if (isDeepStrictEqual(here, there)) return true
    throw new Error(`in memory ${JSON.stringify(here)}, in the store ${JSON.stringify(there)}`)
  }

  /** What keeps everyone from being at peace, if anything. */
  #disagreement(): string | undefined {
    if (this.#clients.size === 0) return 'nobody is there'
    const owners = new Map<string, Client>()
    for (const client of this.#clients) {
      if (client.isEnding) return `${client.name} has not ended`
      for (const partition of client.owned) {
        if (owners.has(partition)) return `${partition} has two owners`
        owners.set(partition, client)
      }
    }
    for (const name of this.#topics.image.names()) {
      const { topicId, partitionCount } = this.#topics.image.byName(name)!
      const readers = [...this.#clients].filter(({ subscribed }) => subscribed.includes(name))
      for (let partition = 0; partition < partitionCount; partition += 1) {
        const owner = owners.get(`${topicId}/${partition}`)
        owners.delete(`${topicId}/${partition}`)
        if (readers.length === 0 ? owner !== undefined : !owner || !readers.includes(owner))
          return `${name}/${partition} is owned by ${owner?.name ?? 'nobody'}`
      }
    }
    const [rest] = owners
    return rest && `${rest[0]} is owned by ${rest[1].name} and is no partition`
  }
}

/** The rows of a group in an order of their own, so that those of memory and store can be compared. */
const rowsIn = (machine: GroupMachine | null): unknown => {
  if (machine === null) return null
  if (machine.kind === 'classic')
    return machine.state.exists ? plain(classicRowsOf(machine.state)) : null
  const { group, ...tables } = rowsOf(machine.state)
  const sorted = Object.entries(tables).map(([table, rows]) => [
    table,
    rows.map((row) => JSON.stringify(row)).sort(),
  ])
  return { group, tables: sorted }
}

/** Without the difference between a buffer and its bytes. */
const plain = (value: unknown): unknown => {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  if (Array.isArray(value)) return value.map(plain)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]))
}
