// One history of transactions: processors copy, crash and leave zombies behind, requests and answers are
// lost and come late, the broker restarts and loses its power; and in the end every input must be in the
// output once, in order, and with it the offset that was read to.
import type { Dispatcher } from '#server'
import { readCommitted, SeededRandom, type Topic } from '#testing'
import { type Broker, Machine, type Plant } from '../cuts/machine.ts'
import { BrokenPromise } from '../torture/check.ts'
import { anomaliesIn } from './anomalies.ts'
import { Follower } from './follower.ts'
import { type Observation, Observer, type SeenRecord } from './observation.ts'
import { committedOffset, Processor, type ProcessorOptions } from './processor.ts'
import { dispatcherOf, SimulatedWire, type WireFaults } from './wire.ts'

/** What a history is made from. */
export interface TransactionHistoryOptions {
  seed: number | string
  /** A bug planted between the coordinator and what it uses. */
  plant?: Plant
}

/** What happened. */
export interface TransactionHistoryReport {
  cuts: number
  restarts: number
  takeovers: number
  commits: number
}

const topicCount = 2
const partitionCount = 2
const livesMax = 3
const stepsPerLifeMax = 25
const operationsPerLifeMax = 1500
/** The longest that a transaction stays open without its client, in ms. */
const timeoutMsMax = 8000
/** Longer than any request is held, in ms. */
const servedWithinMs = 500
const noFaults: WireFaults = { lostRequest: 0, lostAnswer: 0, late: 0 }

/** Lives through one history; rejects with a `BrokenPromise` that says what was not kept. */
export const liveThroughTransactions = async (
  options: TransactionHistoryOptions,
): Promise<TransactionHistoryReport> => {
  const history = new TransactionHistory(options)
  try {
    return await history.run()
  } finally {
    history.dispose()
  }
}

class TransactionHistory {
  readonly #random: SeededRandom
  readonly #machine: Machine
  readonly #observer = new Observer()
  readonly #processors: ProcessorOptions[] = []
  readonly #newest = new Map<string, Processor>()
  readonly #all: Processor[] = []
  #topics: Topic[] = []
  #followers: Follower[] = []
  #broker: Broker | undefined
  #dispatcher: Dispatcher | undefined
  #failure: unknown
  #isOver = false
  readonly #report = { cuts: 0, restarts: 0, takeovers: 0 }

  constructor({ seed, plant = {} }: TransactionHistoryOptions) {
    this.#random = new SeededRandom(seed)
    this.#machine = new Machine(this.#random.fork(), plant)
  }

  dispose(): void {
    this.#machine.dispose()
  }

  async run(): Promise<TransactionHistoryReport> {
    const machine = this.#machine
    await machine.makeFolder()
    await this.#start()
    await this.#makeTopics()
    const lives = this.#random.between(1, livesMax)
    for (let life = 0; life < lives; life += 1) {
      if (life > 0) await this.#start()
      if (this.#dispatcher) await this.#live()
      if (life === lives - 1 && !machine.disk.isCut) continue
      machine.cut()
      this.#dispatcher = undefined
      this.#report.cuts += 1
    }
    await this.#end()
    const commits = this.#all.reduce((sum, processor) => sum + processor.commits, 0)
    return { ...this.#report, commits }
  }

  async #start(): Promise<void> {
    const machine = this.#machine
    this.#dispatcher = undefined
    this.#broker = await machine.start()
    if (!this.#broker) return
    const logger = { info: ignored, warn: ignored, error: (text: string) => this.#fail(text) }
    const { simulation } = machine
    this.#dispatcher = dispatcherOf(this.#broker, simulation, this.#random.fork(), logger)
  }

  async #makeTopics(): Promise<void> {
    const { catalog } = this.#broker!
    const spec = { replicationFactor: 1, assignments: [], configs: [] }
    for (let index = 0; index < topicCount; index += 1) {
      const name = `topic-${index}`
      const creation = catalog.create({ name, numPartitions: partitionCount, ...spec })
      const { id } = (await this.#machine.orCut(creation))!
      this.#topics.push({ name, topicId: id })
    }
    this.#followers = this.#topics.flatMap((topic) =>
      Array.from(
        { length: partitionCount },
        (_, partition) => new Follower(topic, partition, this.#observer),
      ),
    )
    for (const name of ['a', 'b', 'c'])
      this.#processors.push({
        name,
        version: this.#random.pick([1, 2, 2]),
        timeoutMs: this.#random.pick([300, 2000, timeoutMsMax]),
        ...{ topics: this.#topics, partitionCount, observer: this.#observer },
      })
  }

  async #live(): Promise<void> {
    const { disk, simulation } = this.#machine
    disk.cutAt = disk.operations + this.#random.between(1, operationsPerLifeMax)
    for (const options of this.#processors) this.#process(options)
    for (const follower of this.#followers) this.#follow(follower)
    const steps = this.#random.between(5, stepsPerLifeMax)
    for (let step = 0; step < steps && !disk.isCut; step += 1) {
      await simulation.pass(this.#random.pick([1, 10, 50, 100]))
      if (this.#random.chance(0.01)) await simulation.pass(3000)
      if (this.#random.chance(0.05)) {
        this.#process(this.#random.pick(this.#processors))
        this.#report.takeovers += 1
      }
      if (this.#random.chance(0.01)) await this.#restart()
      if (this.#failure) throw this.#failure
    }
    disk.cutAt = Number.POSITIVE_INFINITY
  }

  async #restart(): Promise<void> {
    this.#report.restarts += 1
    // As a broker does, what is being served is let finish before the logs are closed.
    this.#dispatcher = undefined
    await this.#machine.simulation.pass(servedWithinMs)
    await this.#machine.orCut(this.#broker!.stop())
    if (!this.#machine.disk.isCut) await this.#start()
  }

  /** Starts a processor, whose predecessors of that name go on as zombies. */
  #process(options: ProcessorOptions): void {
    // Under version 1 a request that comes late can end the transaction after its own (KAFKA-17754).
    const late = options.version === 2 ? 0.03 : 0
    const wire = this.#wire({ lostRequest: 0.01, lostAnswer: 0.02, late })
    const isNewest = () => this.#newest.get(options.name) === processor
    const processor = new Processor(options, wire, this.#random.fork(), isNewest)
    this.#newest.set(options.name, processor)
    this.#all.push(processor)
    const { simulation } = this.#machine
    // The clients of a life go with it.
    const isOver = () => this.#isOver || this.#machine.simulation !== simulation
    processor.run(isOver).catch((error: unknown) => this.#fail(error))
  }

  #follow(follower: Follower): void {
    const wire = this.#wire({ ...noFaults, lostAnswer: 0.05 })
    const { simulation } = this.#machine
    const go = async (): Promise<void> => {
      while (!this.#isOver && this.#machine.simulation === simulation) {
        await follower.follow(wire).catch((error: unknown) => {
          if (error instanceof BrokenPromise) this.#fail(error)
        })
        await wire.pause(100)
      }
    }
    void go()
  }

  #wire(faults: WireFaults): SimulatedWire {
    const { simulation } = this.#machine
    return new SimulatedWire(simulation, this.#random.fork(), () => this.#dispatcher, faults)
  }

  #fail(error: unknown): void {
    this.#failure ??= error instanceof Error ? error : new BrokenPromise(String(error))
  }

  /** Lets everybody stop and every transaction end, and looks at what there is. */
  async #end(): Promise<void> {
    this.#isOver = true
    if (!this.#dispatcher) await this.#start()
    const { simulation } = this.#machine
    await simulation.pass(2 * timeoutMsMax)
    if (this.#failure) throw this.#failure
    await simulation.until(this.#check(this.#wire(noFaults)))
  }

  async #check(wire: SimulatedWire): Promise<void> {
    const written = new Map<string, Set<number>>()
    const final = new Map<string, readonly SeenRecord[]>()
    for (const follower of this.#followers) {
      const { name, topic, partition } = follower
      const found = await readCommitted(wire, topic, partition)
      const { records, lastStable, highWatermark } = found
      if (lastStable !== highWatermark)
        throw new BrokenPromise(`${name}: ${lastStable} of ${highWatermark} stays undecided`)
      for (let round = 0; !(await follower.follow(wire)); round += 1)
        if (round > 1000) throw new BrokenPromise(`${name}: a reader does not come to the end`)
      final.set(
        name,
        records.map((record) => ({ log: name, ...record })),
      )
    }
    this.#wantNoAnomaly(final)
    for (const follower of this.#followers) {
      const { name } = follower
      const values = final.get(name)!.map(({ value }) => value)
      if (follower.values.join() !== values.join())
        throw new BrokenPromise(`${name}: a reader saw ${follower.values}, and there is ${values}`)
      take(values, written, name)
    }
    await this.#wantOffsets(wire, written)
  }

  /** The followers of all logs together are one reader. */
  #wantNoAnomaly(final: Observation['final']): void {
    const followers = this.#followers
    const reading = {
      name: 'the followers',
      polls: followers.flatMap(({ polls }) => polls).sort((one, other) => one.at - other.at),
      positions: new Map(followers.map(({ name, offset }) => [name, offset])),
    }
    const [anomaly] = anomaliesIn(this.#observer.observed([reading], final))
    if (anomaly) throw new BrokenPromise(`${anomaly.name}: ${anomaly.sentence}`)
  }

  /** What each processor has read is what it has written. */
  async #wantOffsets(wire: SimulatedWire, written: Map<string, Set<number>>): Promise<void> {
    for (const { name } of this.#processors) {
      const inputs = written.get(name) ?? new Set()
      const offset = await committedOffset(wire, name, this.#topics[0]!)
      const missing = Array.from({ length: offset }, (_, input) => input).filter(
        (input) => !inputs.has(input),
      )
      if (inputs.size !== offset || missing.length > 0)
        throw new BrokenPromise(
          `processor ${name} has read ${offset}, and written ${inputs.size} without ${missing}`,
        )
    }
  }
}

/** Each processor's inputs are there once, and ascend in each partition. */
const take = (
  values: readonly string[],
  written: Map<string, Set<number>>,
  place: string,
): void => {
  const last = new Map<string, number>()
  for (const value of values) {
    const [name, number] = value.split(' ') as [string, string]
    const input = Number(number)
    const inputs = written.get(name) ?? new Set()
    written.set(name, inputs)
    if (inputs.has(input)) throw new BrokenPromise(`${place}: ${value} is there twice`)
    if (input < (last.get(name) ?? -1))
      throw new BrokenPromise(`${place}: ${value} is out of order`)
    last.set(name, input)
    inputs.add(input)
  }
}

const ignored = (): void => undefined
