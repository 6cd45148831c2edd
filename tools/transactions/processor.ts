// A client that numbers its inputs, and copies them with the offset that it has read to in transactions.
import { type ErrorName, errorNameOf, KafkaError, kafkaError } from '#model'
import { OffsetFetch } from '#protocol'
import { type Requesting, type SeededRandom, type Topic, TransactionalClient } from '#testing'
import type { Observer, Operation, SentRecord } from './observation.ts'
import { type SimulatedWire, Unheard } from './wire.ts'

/** What ends a client that another one has followed. */
const fencing: ReadonlySet<ErrorName> = new Set<ErrorName>([
  'INVALID_PRODUCER_EPOCH',
  'INVALID_PRODUCER_ID_MAPPING',
  'PRODUCER_FENCED',
])
/** What a client may be told besides, and goes on from where its group is. */
const passing: ReadonlySet<ErrorName> = new Set<ErrorName>([
  'CONCURRENT_TRANSACTIONS',
  'COORDINATOR_LOAD_IN_PROGRESS',
  'COORDINATOR_NOT_AVAILABLE',
  'INVALID_TXN_STATE',
  'KAFKA_STORAGE_ERROR',
  'NOT_COORDINATOR',
  'NOT_ENOUGH_REPLICAS',
  'OUT_OF_ORDER_SEQUENCE_NUMBER',
  'REQUEST_TIMED_OUT',
  'TRANSACTION_ABORTABLE',
  'UNSTABLE_OFFSET_COMMIT',
])

/** Who processes what. */
export interface ProcessorOptions {
  name: string
  version: 1 | 2
  topics: readonly Topic[]
  partitionCount: number
  timeoutMs: number
  observer: Observer
}

/** How far a group has read its inputs, as a member that has just been assigned them asks. */
export const committedOffset = async (
  client: Requesting,
  groupId: string,
  topic: Topic,
): Promise<number> => {
  const { groups } = await client.request(OffsetFetch, 9, {
    requireStable: true,
    groups: [{ groupId, topics: [{ name: topic.name, partitionIndexes: [0] }] }],
  })
  const { errorCode, committedOffset: offset } = groups[0]!.topics[0]!.partitions[0]!
  if (errorCode !== 0) throw kafkaError(errorNameOf(errorCode))
  return Math.max(0, offset)
}

/** One life of a processor. Several of one name may live at once: all but the newest are zombies. */
export class Processor {
  readonly #options: ProcessorOptions
  readonly #wire: SimulatedWire
  readonly #random: SeededRandom
  readonly #isNewest: () => boolean
  /** What names this life in what is observed. */
  readonly #process: string
  /** Transactions whose commit was acknowledged. */
  commits = 0

  constructor(
    options: ProcessorOptions,
    wire: SimulatedWire,
    random: SeededRandom,
    isNewest: () => boolean,
  ) {
    this.#options = options
    this.#wire = wire
    this.#random = random
    this.#isNewest = isNewest
    this.#process = `${options.name} ${options.observer.unique()}`
  }

  /** Processes until `isOver`, or until it is fenced by its follower. Throws what it must not be told. */
  async run(isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      try {
        await this.#goOn(isOver)
      } catch (error) {
        if (error instanceof KafkaError) {
          if (fencing.has(error.errorName)) {
            if (!this.#isNewest()) return
          } else if (!passing.has(error.errorName)) throw error
        } else if (!(error instanceof Unheard)) throw error
      }
      await this.#wire.pause(20)
    }
  }

  async #goOn(isOver: () => boolean): Promise<void> {
    const { name, version, topics, timeoutMs, observer } = this.#options
    const producer = new TransactionalClient(this.#wire, name, version)
    producer.acks = this.#random.pick([-1, 1])
    await producer.init(timeoutMs)
    let next = await committedOffset(this.#wire, name, topics[0]!)
    while (!isOver()) {
      const count = this.#random.between(1, 4)
      const ends = this.#random.chance(0.97)
      const commit = this.#random.chance(0.75)
      const operation = this.#operation()
      observer.take(operation)
      try {
        await this.#copy(producer, next, count, operation.sent)
        // One that only stops is found by its timeout, or by who takes its id over.
        if (!ends) return await this.#wire.pause(timeoutMs * 2)
        if (commit) operation.askedAt = observer.now()
        await producer.end(commit)
        operation.outcome = commit ? 'committed' : 'aborted'
      } catch (error) {
        const canGoOn = version === 2 && error instanceof KafkaError && this.#random.chance(0.5)
        if (!canGoOn || fencing.has(error.errorName)) throw error
        // Under version 2 nothing of what was aborted can come after the epoch has been raised.
        await producer.end(false)
        if (operation.askedAt === undefined) operation.outcome = 'aborted'
        next = await committedOffset(this.#wire, name, topics[0]!)
        continue
      }
      if (!commit) continue
      next += count
      this.commits += 1
    }
  }

  /** A transaction that nothing is known of yet. */
  #operation(): Operation & { sent: SentRecord[] } {
    return { process: this.#process, outcome: 'unknown', askedAt: undefined, sent: [], read: [] }
  }

  async #copy(
    producer: TransactionalClient,
    next: number,
    count: number,
    sent: SentRecord[],
  ): Promise<void> {
    const { name, version, topics, partitionCount, observer } = this.#options
    const places = Array.from({ length: count }, () => ({
      topic: this.#random.pick(topics),
      partition: this.#random.below(partitionCount),
    }))
    if (version === 1) {
      for (const { topic, partition } of places) await producer.add(topic, partition)
      await producer.addGroup(name)
    }
    for (const [index, { topic, partition }] of places.entries()) {
      const value = `${name} ${next + index} ${observer.unique()}`
      const record: SentRecord = { log: `${topic.name}-${partition}`, value, offset: undefined }
      sent.push(record)
      record.offset = await producer.produce(topic, partition, [value])
    }
    await producer.pend(name, [{ topic: topics[0]!, partition: 0, offset: next + count }])
  }
}
