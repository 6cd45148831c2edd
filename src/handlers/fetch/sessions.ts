// Fetch sessions (KIP-227): the broker remembers which partitions a consumer follows and what it was
// last told, so that an incremental fetch names only what changed, in both directions.
import { kafkaError, type Uuid } from '#model'
import type { Clock, Random } from '#world'
import { sessionIdleMsMin, sessionPartitionsMax, sessionsPartitionsMax } from './limits.ts'

/** One partition of a fetch as a client asks for it. By id from v13 on, by name before. */
export interface WantedPartition {
  topicId: Uuid
  topic: string
  partition: number
  fetchOffset: number
  bytesMax: number
  currentLeaderEpoch: number
  /** The epoch of the last record the client has, or -1. */
  lastFetchedEpoch: number
}

/** What a client was last told of a partition. */
interface Told {
  highWatermark: number
  logStart: number
  failed: boolean
}

interface Entry {
  wanted: WantedPartition
  told: Told | undefined
}

/** What an answer would say of a partition. */
export interface Telling {
  recordsSize: number
  failed: boolean
  highWatermark: number
  logStart: number
}

/** A consumer's set of partitions, kept between its fetches. */
export class FetchSession {
  readonly id: number
  readonly usesTopicIds: boolean
  readonly createdMs: number
  lastUsedMs: number
  /** The epoch that the next incremental fetch must carry. */
  nextEpoch = 1
  readonly #entries = new Map<string, Entry>()

  constructor(id: number, usesTopicIds: boolean, nowMs: number) {
    this.id = id
    this.usesTopicIds = usesTopicIds
    this.createdMs = nowMs
    this.lastUsedMs = nowMs
  }

  get size(): number {
    return this.#entries.size
  }

  /** In the order in which they are to be read. */
  get partitions(): WantedPartition[] {
    return [...this.#entries.values()].map(({ wanted }) => wanted)
  }

  /** Adds the partition or changes what is wanted of it; false when the session is full. */
  want(wanted: WantedPartition): boolean {
    const entry = this.#entries.get(keyOf(wanted))
    if (entry) entry.wanted = wanted
    else if (this.#entries.size >= sessionPartitionsMax) return false
    else this.#entries.set(keyOf(wanted), { wanted, told: undefined })
    return true
  }

  forget(partition: Pick<WantedPartition, 'topicId' | 'topic' | 'partition'>): void {
    this.#entries.delete(keyOf(partition))
  }

  /**
   * Whether an incremental answer must name the partition, and remembers that it was told. A
   * partition that gave records goes to the end of the order, so that none starves.
   */
  tell(wanted: WantedPartition, telling: Telling): boolean {
    const key = keyOf(wanted)
    const entry = this.#entries.get(key)
    if (!entry) return true
    const { told } = entry
    const { failed } = telling
    const changed =
      failed ||
      telling.recordsSize > 0 ||
      told === undefined ||
      told.failed ||
      told.highWatermark !== telling.highWatermark ||
      told.logStart !== telling.logStart
    entry.told = { highWatermark: telling.highWatermark, logStart: telling.logStart, failed }
    if (telling.recordsSize > 0) {
      this.#entries.delete(key)
      this.#entries.set(key, entry)
    }
    return changed
  }
}

/** The sessions of a broker, bounded in number and in partitions. */
export class FetchSessions {
  readonly #clock: Clock
  readonly #random: Random
  readonly #slots: number
  /** Least recently used first. */
  readonly #sessions = new Map<number, FetchSession>()

  constructor(clock: Clock, random: Random, slots: number) {
    this.#clock = clock
    this.#random = random
    this.#slots = slots
  }

  /** A session for these partitions; undefined when there is no place for it: the fetch goes without. */
  create(wanted: readonly WantedPartition[], usesTopicIds: boolean): FetchSession | undefined {
    if (wanted.length > sessionPartitionsMax) return undefined
    if (this.#partitionCount() + wanted.length > sessionsPartitionsMax) return undefined
    if (!this.#makeRoom(wanted.length)) return undefined
    const session = new FetchSession(this.#freshId(), usesTopicIds, this.#clock.monotonicMs())
    for (const partition of wanted) session.want(partition)
    this.#sessions.set(session.id, session)
    return session
  }

  /** The session an incremental fetch continues; throws the `KafkaError` that sends the client back. */
  continue(id: number, epoch: number, usesTopicIds: boolean): FetchSession {
    const session = this.#sessions.get(id)
    if (!session) throw kafkaError('FETCH_SESSION_ID_NOT_FOUND')
    if (session.usesTopicIds !== usesTopicIds) throw kafkaError('FETCH_SESSION_TOPIC_ID_ERROR')
    if (session.nextEpoch !== epoch) throw kafkaError('INVALID_FETCH_SESSION_EPOCH')
    session.nextEpoch = epoch === 0x7fffffff ? 1 : epoch + 1
    session.lastUsedMs = this.#clock.monotonicMs()
    this.#sessions.delete(id)
    this.#sessions.set(id, session)
    return session
  }

  close(id: number): void {
    this.#sessions.delete(id)
  }

  #partitionCount(): number {
    let count = 0
    for (const session of this.#sessions.values()) count += session.size
    return count
  }

  #makeRoom(size: number): boolean {
    if (this.#slots <= 0) return false
    if (this.#sessions.size < this.#slots) return true
    const nowMs = this.#clock.monotonicMs()
    const [oldest] = this.#sessions.values()
    if (oldest && nowMs - oldest.lastUsedMs >= sessionIdleMsMin) {
      this.#sessions.delete(oldest.id)
      return true
    }
    let smallest: FetchSession | undefined
    for (const session of this.#sessions.values())
      if (nowMs - session.createdMs >= sessionIdleMsMin && session.size < (smallest?.size ?? size))
        smallest = session
    if (smallest) this.#sessions.delete(smallest.id)
    return smallest !== undefined
  }

  #freshId(): number {
    for (;;) {
      const id = 1 + this.#random.below(0x7fffffff)
      if (!this.#sessions.has(id)) return id
    }
  }
}

const keyOf = ({
  topicId,
  topic,
  partition,
}: Pick<WantedPartition, 'topicId' | 'topic' | 'partition'>): string =>
  `${topicId}/${topic}/${partition}`
