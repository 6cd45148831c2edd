// One history of a machine: some lives, each of which ends in a power cut at a chosen operation on its disk
// or its database, and after each what is left of log, commit log and metadata held against what was promised.
import type { Append, AppendOutcome, PartitionId } from '#log'
import { type BatchOptions, buildBatch } from '#records'
import { SeededRandom } from '#testing'
import { BrokenPromise } from '../torture/check.ts'
import { Ledger, type SentBatch, type SentRecord } from './ledger.ts'
import { type Broker, Machine, type Plant } from './machine.ts'
import { readAll, readCommitted, readSome } from './reading.ts'
import { type Creation, Register, type RegisteredTopic } from './register.ts'
import { PartitionTransactions } from './transactions.ts'

/** What a history is made from. */
export interface HistoryOptions {
  seed: number | string
  /** A bug planted between the broker and what keeps its data. */
  plant?: Plant
}

/** What happened. */
export interface HistoryReport {
  cuts: number
  /** Batches of records. */
  acknowledged: number
  records: number
  /** Topics that were made, changed or deleted, offsets committed or deleted, producer ids given out. */
  changes: number
}

const livesMax = 4
const topicsMax = 8
const operationsPerLifeMax = 800
const groupIds = ['readers', 'others']

/** Lives through one history; rejects with a `BrokenPromise` that says what was not kept. */
export const liveThrough = async (options: HistoryOptions): Promise<HistoryReport> => {
  const history = new History(options)
  try {
    return await history.run()
  } finally {
    history.dispose()
  }
}

/** A partition with what is known of it outside, and its producer's next number. */
interface Known {
  id: PartitionId
  topic: RegisteredTopic
  ledger: Ledger
  transactions: PartitionTransactions
  producerId: number | undefined
  nextSequence: number
}

class History {
  readonly #random: SeededRandom
  readonly #machine: Machine
  readonly #register = new Register()
  #known: Known[] = []
  #broker: Broker | undefined
  #phase: 'serving' | 'stopping' | 'stopped' = 'serving'
  #failure: BrokenPromise | undefined
  #recordCount = 0
  #acknowledged = 0
  #changes = 0

  constructor({ seed, plant = {} }: HistoryOptions) {
    this.#random = new SeededRandom(seed)
    this.#machine = new Machine(this.#random.fork(), plant)
  }

  async run(): Promise<HistoryReport> {
    const machine = this.#machine
    await machine.makeFolder()
    const lives = this.#random.between(1, livesMax)
    for (let life = 0; life < lives; life += 1) {
      await this.#live()
      machine.cut()
    }
    await this.#start()
    await this.#checkAll()
    return {
      cuts: lives,
      acknowledged: this.#acknowledged,
      records: this.#recordCount,
      changes: this.#changes,
    }
  }

  dispose(): void {
    this.#machine.dispose()
  }

  async #live(): Promise<void> {
    const { disk, simulation } = this.#machine
    disk.cutAt = disk.operations + this.#random.between(1, operationsPerLifeMax)
    await this.#start()
    if (disk.isCut) return
    const uncut = disk.cutAt
    disk.cutAt = Number.POSITIVE_INFINITY
    await this.#checkAll()
    disk.cutAt = Math.max(uncut, disk.operations + this.#random.between(1, 500))
    while (!disk.isCut && this.#phase !== 'stopped') {
      for (let count = this.#random.pick([1, 1, 3, 8, 20]); count > 0; count -= 1) this.#act()
      await simulation.pass(this.#random.pick([0, 0.1, 1, 12, 60]))
      if (this.#random.chance(0.01)) await simulation.pass(60_000)
      if (this.#failure) throw this.#failure
    }
  }

  async #start(): Promise<void> {
    this.#phase = 'serving'
    try {
      this.#broker = await this.#machine.start()
    } catch (error) {
      throw new BrokenPromise(`the broker does not start: ${(error as Error).message}`)
    }
  }

  /** Does something when an acknowledgement comes, unless the power went first. */
  #whenDone<T>(promise: Promise<T>, acknowledge: (value: T) => void): void {
    const { disk } = this.#machine
    promise.then(
      (value) => {
        if (disk.isCut) return
        this.#changes += 1
        acknowledge(value)
      },
      () => undefined,
    )
  }

  #act(): void {
    if (this.#phase !== 'serving') return
    const draw = this.#random.below(1000)
    const served = this.#served()
    if (draw < 20 || served.length === 0) {
      this.#createTopic()
      return
    }
    const known = this.#random.pick(served)
    if (draw < 420) this.#append(known)
    else if (draw < 560) this.#appendInTransaction(known)
    else if (draw < 600) this.#endTransactions()
    else if (draw < 720) void this.#readSome(known)
    else if (draw < 770) this.#sendAgain(known)
    else if (draw < 800) this.#deleteBefore(known)
    else if (draw < 880) this.#commitOffsets()
    else if (draw < 890) this.#deleteOffset(known)
    else if (draw < 930) this.#configure(known.topic)
    else if (draw < 950) this.#deleteTopic(known.topic)
    else if (draw < 970) this.#takeProducerId(known)
    else if (draw < 973) this.#stop()
  }

  #served(): Known[] {
    return this.#known.filter(({ topic }) => topic.deletion === 'none')
  }

  #createTopic(): void {
    const random = this.#random
    if (this.#register.topics.size >= topicsMax) return
    // Names that were used before come again.
    const name = `topic-${random.below(topicsMax + 2)}`
    const { catalog } = this.#broker!
    if (catalog.named(name)) return
    const configs = this.#drawConfigs()
    const creation: Creation = { name, partitionCount: random.pick([1, 1, 2, 3]), configs }
    this.#register.creating(creation)
    const created = catalog.create({
      name,
      numPartitions: creation.partitionCount,
      replicationFactor: 1,
      assignments: [],
      configs: Object.entries(configs).map(([key, value]) => ({ name: key, value })),
    })
    this.#whenDone(created, ({ id }) => this.#know(this.#register.created(creation, id)))
  }

  #drawConfigs(): Creation['configs'] {
    const random = this.#random
    return {
      'segment.bytes': random.pick(['1048576', '5242880', '34952533']),
      'index.interval.bytes': random.pick(['0', '200', '4096']),
      'retention.bytes': random.pick(['-1', '-1', '5000']),
      'file.delete.delay.ms': random.pick(['0', '1000']),
    }
  }

  /** The partitions of a topic that is there. */
  #know(topic: RegisteredTopic): void {
    for (let partition = 0; partition < topic.partitionCount; partition += 1) {
      const ledger = new Ledger(`${topic.name}-${partition}`)
      this.#known.push({
        id: { topicId: topic.id, partition },
        topic,
        ledger,
        transactions: new PartitionTransactions(ledger),
        producerId: undefined,
        nextSequence: 0,
      })
    }
  }

  #configure(topic: RegisteredTopic): void {
    const change = Object.fromEntries(
      Object.entries(this.#drawConfigs()).filter(() => this.#random.chance(0.5)),
    )
    let version = -1
    const changed = this.#broker!.catalog.configure(
      topic.id,
      (configs) => {
        const next = { ...configs, ...change }
        version = topic.configs.ask(next)
        return next
      },
      false,
    )
    this.#whenDone(changed, () => topic.configs.acknowledge(version))
  }

  /** Nothing is sent to a topic any more from when it is asked to go. */
  #deleteTopic(topic: RegisteredTopic): void {
    const { catalog } = this.#broker!
    const found = catalog.identified(topic.id)
    if (!found) return
    topic.deletion = 'asked'
    this.#whenDone(catalog.delete([found]), () => this.#register.deleted(topic))
  }

  #commitOffsets(): void {
    const random = this.#random
    const { logs, groups } = this.#broker!
    const groupId = random.pick(groupIds)
    const chosen = this.#served().filter(() => random.chance(0.4))
    const parts = chosen.map(({ id, topic }) => ({
      topic,
      partition: id.partition,
      offset: random.between(0, logs.bounds(id)?.highWatermark ?? 0),
    }))
    const { metadata, acknowledge } = this.#register.committing(groupId, parts)
    const rows = parts.map(({ topic, partition, offset }) => ({
      topicId: topic.id,
      partition,
      offset,
      metadata,
      leaderEpoch: -1,
      committedAtMs: this.#machine.simulation.clock.nowMs(),
      expiresAtMs: null,
    }))
    this.#whenDone(groups.commit(groupId, nobody, rows), acknowledge)
  }

  #deleteOffset({ id, topic }: Known): void {
    const groupId = this.#random.pick(groupIds)
    const acknowledge = this.#register.forgetting(topic, groupId, id.partition)
    const deleted = this.#broker!.groups.deleteOffsets(groupId, [{ ...id, topic: topic.name }])
    this.#whenDone(deleted, acknowledge)
  }

  /** A producer of the partition begins anew. */
  #takeProducerId(known: Known): void {
    this.#whenDone(this.#broker!.producerIds.take(), (producerId) => {
      this.#register.gaveOut(producerId)
      known.producerId = producerId
      known.nextSequence = 0
    })
  }

  /** A stop that the cut may still interrupt, and that some requests do not wait for. */
  #stop(): void {
    this.#phase = 'stopping'
    this.#broker!.stop().then(
      () => {
        this.#phase = 'stopped'
      },
      (error: unknown) => {
        this.#failure = new BrokenPromise(`the broker does not stop: ${String(error)}`)
      },
    )
  }

  #drawRecords(): SentRecord[] {
    const random = this.#random
    const timestampMs = this.#machine.simulation.clock.nowMs()
    const size = random.pick([0, 10, 100, 700])
    return Array.from({ length: random.between(1, 5) }, () => {
      this.#recordCount += 1
      return { id: `${this.#recordCount}:${'x'.repeat(random.below(size + 1))}`, timestampMs }
    })
  }

  #appendInTransaction({ id, transactions }: Known): void {
    if (!transactions.hasProducer) {
      this.#whenDone(this.#broker!.producerIds.take(), (producerId) => {
        this.#register.gaveOut(producerId)
        transactions.begin(producerId)
      })
      return
    }
    const made = transactions.batch(id, this.#drawRecords())
    if (made) this.#submit(...made, -1)
  }

  /** The transactions of some partitions end in one round. */
  #endTransactions(): void {
    const random = this.#random
    const ends = this.#served()
      .filter(({ transactions }) => transactions.isOpen && random.chance(0.6))
      .map(({ id, transactions }) => transactions.end(id, random.chance(0.5)))
    const { logs } = this.#broker!
    this.#whenDone(logs.appendMarkers(ends.map(({ marker }) => marker)), (errors) => {
      for (const [index, { acknowledge }] of ends.entries())
        if (errors[index] === null) acknowledge()
    })
  }

  #append(known: Known): void {
    const random = this.#random
    const records = this.#drawRecords()
    const { producerId, nextSequence } = known
    const isIdempotent = random.chance(0.6) && producerId !== undefined
    const producer = isIdempotent ? { producerId, baseSequence: nextSequence } : undefined
    if (producer) known.nextSequence += records.length
    const batch: SentBatch = { records, producer }
    known.ledger.sent(batch)
    this.#send(known, batch, random.chance(0.7) ? -1 : 1)
  }

  #send(known: Known, batch: SentBatch, acks: -1 | 1): void {
    const options: BatchOptions = batch.producer ? { ...batch.producer, producerEpoch: 0 } : {}
    const records = batch.records.map(({ id, timestampMs }) => ({
      timestampMs,
      key: null,
      value: Buffer.from(id),
    }))
    this.#submit({ ...known.id, records: buildBatch(records, options) }, batch, acks)
  }

  #submit(append: Append, batch: SentBatch, acks: -1 | 1): void {
    const { disk } = this.#machine
    const settle = ([outcome]: readonly AppendOutcome[]): void => {
      if (disk.isCut || outcome?.error || acks !== -1) return
      batch.acknowledgedAt ??= outcome!.baseOffset
      this.#acknowledged += 1
    }
    this.#broker!.logs.append([append], { acks, zstdAllowed: true, timeoutMs: 30_000 }).then(
      settle,
      () => undefined,
    )
  }

  /** A producer that did not hear of its last batch sends it again: it must not be there twice. */
  #sendAgain(known: Known): void {
    const last = known.ledger.batches.findLast(({ producer }) => producer)
    if (last && last.producer!.baseSequence + last.records.length === known.nextSequence)
      this.#send(known, last, -1)
  }

  async #readSome(known: Known): Promise<void> {
    const { disk } = this.#machine
    const bounds = this.#broker!.logs.bounds(known.id)
    if (!bounds || disk.isCut) return
    const offset = bounds.logStart + this.#random.below(bounds.highWatermark - bounds.logStart + 1)
    const records = await readSome(this.#broker!.logs, known.id, offset)
    if (disk.isCut || !records) return
    known.ledger.saw(records, bounds.highWatermark)
    known.transactions.saw(bounds)
    const committed = await readCommitted(this.#broker!.logs, known.id, offset)
    if (!disk.isCut) known.transactions.sawCommitted(committed)
  }

  #deleteBefore(known: Known): void {
    const bounds = this.#broker!.logs.bounds(known.id)
    if (!bounds) return
    const { logStart, highWatermark } = bounds
    const offset = logStart + this.#random.below(highWatermark - logStart + 1)
    const { disk } = this.#machine
    const { ledger } = known
    ledger.logStartAsked = Math.max(ledger.logStartAsked, offset)
    this.#broker!.logs.deleteBefore(known.id, offset).then(
      (start) => {
        if (!disk.isCut) ledger.logStart = Math.max(ledger.logStart, start)
      },
      () => undefined,
    )
  }

  async #checkAll(): Promise<void> {
    try {
      await this.#checkMetadata()
      for (const known of this.#known) await this.#checkLog(known)
      await this.#checkFolders()
    } catch (error) {
      const { message } = error as Error
      throw new BrokenPromise(`${message}\n${this.#machine.warnings.join('\n')}`, { cause: error })
    }
  }

  /** What topics there are is for the metadata to say. */
  async #checkMetadata(): Promise<void> {
    const { simulation } = this.#machine
    const { clusterId, starts, catalog, offsets: offsetsOf, producerIds } = this.#broker!
    const ofGroups = groupIds.map(async (groupId) => {
      const found = await offsetsOf(groupId, null)
      return found.map((offset) => ({ ...offset, groupId }))
    })
    const offsets = (await simulation.until(Promise.all(ofGroups))).flat()
    const topics = [...catalog.all()].map(({ id, name, partitionCount, configs }) => ({
      id,
      name,
      partitionCount,
      configs,
    }))
    this.#register.check({ clusterId, starts, topics, offsets })
    const isThere = ({ id }: RegisteredTopic) => this.#register.topics.has(id)
    this.#known = this.#known.filter(({ topic }) => isThere(topic))
    for (const topic of this.#register.topics.values())
      if (!this.#known.some((known) => known.topic === topic)) this.#know(topic)
    this.#register.gaveOut(await simulation.until(producerIds.take()))
    for (const { topicId, partition, offset } of offsets) {
      const end = this.#broker!.logs.bounds({ topicId, partition })?.end
      if (end === undefined || offset > end)
        throw new BrokenPromise(`offset ${offset} is committed in a log that ends at ${end}`)
    }
  }

  async #checkLog(known: Known): Promise<void> {
    const { id, ledger, topic } = known
    const { logs } = this.#broker!
    if (!logs.bounds(id)) throw new BrokenPromise(`${ledger.name} is not served`)
    // Retention may have moved the log start of itself.
    if (topic.configs.everAsked(({ 'retention.bytes': bytes }) => bytes !== '-1'))
      ledger.logStartAsked = Number.MAX_SAFE_INTEGER
    const records = await this.#machine.simulation.until(readAll(logs, id))
    const { logStart, highWatermark: end, damaged } = logs.bounds(id)!
    ledger.check({ logStart, end, damaged, records })
    const checked = known.transactions.check(logs, id, records)
    await this.#machine.simulation.until(checked)
    await this.#checkTimes(known, records)
    // What was not acknowledged and is not there never will be; its producer begins anew.
    known.producerId = undefined
    known.transactions.begin(undefined)
  }

  async #checkTimes(
    { id, ledger }: Known,
    records: readonly { offset: number; timestampMs: number }[],
  ): Promise<void> {
    if (records.length === 0) return
    const { logs } = this.#broker!
    const { timestampMs } = this.#random.pick(records)
    const { logStart } = logs.bounds(id)!
    const search = logs.firstSince(id, timestampMs, false)
    const found = await this.#machine.simulation.until(search)
    // Retention has taken segments away while they were searched.
    if (logs.bounds(id)!.logStart > logStart) return
    const wanted = records.find(
      (record) => record.timestampMs >= timestampMs && record.offset >= logStart,
    )
    if (found?.offset !== wanted?.offset)
      throw new BrokenPromise(
        `${ledger.name}: of time ${timestampMs} ${found?.offset} is found and ${wanted?.offset} is the first`,
      )
  }

  /** No folder bears the name of a partition that the metadata does not know. */
  async #checkFolders(): Promise<void> {
    const names = new Set(this.#known.map(({ ledger }) => ledger.name))
    for (const name of await this.#machine.list())
      if (/^topic-\d+-\d+$/.test(name) && !names.has(name))
        throw new BrokenPromise(`the folder ${name} is of no topic`)
  }
}

/** A committer that is no member of a group. */
const nobody = {
  memberId: '',
  instanceId: null,
  generationId: -1,
  transactional: false,
  version: 9,
}
