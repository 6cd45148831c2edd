import type { GroupReply, JoinedReply } from '#coordinators'
import type { ErrorName } from '#model'
import { uuidFromRandomBytes } from '#model'
import { type Client, type ClientOptions, isPassing, type PartitionName } from './client.ts'
import { sessionTimeoutMs } from './coordinator.ts'
import {
  type Assigned,
  decodeAssignment,
  decodeSubscription,
  encodeAssignment,
  encodeSubscription,
} from './embedded.ts'

const beatIntervalMs = 1000
const protocol = 'range'
/** No version of the topics. */
const neverDivided = -1

/** An eager member of the classic protocol: it gives everything up before it joins again. */
export class ClassicClient implements Client {
  readonly name: string
  readonly instanceId: string | null
  readonly subscribed: readonly string[]
  readonly ended: Promise<void>
  isFrozen = false
  owned: ReadonlySet<PartitionName> = new Set()
  epoch = 0
  readonly #options: ClientOptions
  #memberId = ''
  /** Whether it holds an assignment of the generation that it knows. */
  #isSettled = false
  /** The version of the topics that it divided as the leader; null for one that leads nobody. */
  #dividedVersion: number | null = null
  #isFenced = false
  #stopping: 'leave' | 'crash' | null = null

  constructor(options: ClientOptions) {
    this.name = options.name
    this.instanceId = options.instanceId
    this.subscribed = options.subscribed
    this.#options = options
    this.ended = this.#live()
  }

  get isEnding(): boolean {
    return this.#isFenced || this.#stopping !== null
  }

  stop(how: 'leave' | 'crash'): void {
    this.#stopping = how
  }

  async #live(): Promise<void> {
    const { instanceId } = this
    const { network, random } = this.#options
    while (!this.isEnding) {
      if (!this.isFrozen) await (this.#isSettled ? this.#beat() : this.#enter())
      await network.sleep(
        this.#isSettled ? random.between(500, beatIntervalMs) : random.between(10, 200),
      )
    }
    this.#giveUp()
    const memberId = this.#memberId
    if (this.#stopping === 'leave' && memberId !== '')
      await network.ask((coordinator) => coordinator.leave(memberId, instanceId))
  }

  get #isDeaf(): boolean {
    return this.isFrozen || this.#stopping !== null
  }

  async #enter(): Promise<void> {
    const { instanceId } = this
    const { network, topics } = this.#options
    this.#giveUp()
    const said = this.#joinRequest()
    const joined = await network.ask((coordinator) => coordinator.join(said))
    if (this.#isDeaf || joined === null) return
    if (joined.kind !== 'joined') return this.#refused(joined)
    this.#memberId = joined.memberId
    const { memberId, generationId } = joined
    const leads = joined.leaderId === memberId
    // Who leads again without dividing anew cannot know what changed meanwhile, and joins once more.
    const divided = joined.skipAssignment ? neverDivided : topics.image.version
    this.#dividedVersion = leads ? divided : null
    const assignments = leads && !joined.skipAssignment ? this.#divide(joined) : []
    const sync = { memberId, instanceId, generationId, assignments }
    const synced = await network.ask((coordinator) =>
      coordinator.sync({ ...sync, protocolType: 'consumer', protocolName: protocol }),
    )
    if (this.#isDeaf || synced === null) return
    if (synced.kind !== 'synced') return this.#refused(synced)
    this.#isSettled = true
    this.#own(decodeAssignment(synced.assignment), generationId)
  }

  #joinRequest() {
    const { instanceId } = this
    const { random } = this.#options
    return {
      memberId: this.#memberId,
      instanceId,
      clientId: this.name,
      clientHost: '/127.0.0.1',
      newMemberId: uuidFromRandomBytes(random.bytes(16)),
      sessionTimeoutMs,
      rebalanceTimeoutMs: 8000,
      protocolType: 'consumer',
      protocols: [{ name: protocol, metadata: encodeSubscription(this.subscribed) }],
      requiresKnownMemberId: true,
      canSkipAssignment: true,
    }
  }

  /** Deals out the partitions of all topics in turn to those who subscribe to them. */
  #divide({ members }: JoinedReply) {
    const { topics } = this.#options
    const shares = members.map(({ memberId, metadata }) => ({
      memberId,
      subscribed: decodeSubscription(metadata),
      assigned: new Map<string, number[]>(),
    }))
    let turn = 0
    for (const topic of topics.image.names()) {
      const readers = shares.filter(({ subscribed }) => subscribed.includes(topic))
      const count = readers.length === 0 ? 0 : topics.image.byName(topic)!.partitionCount
      for (let partition = 0; partition < count; partition += 1) {
        const { assigned } = readers[turn % readers.length]!
        assigned.set(topic, [...(assigned.get(topic) ?? []), partition])
        turn += 1
      }
    }
    return shares.map(({ memberId, assigned }) => ({
      memberId,
      assignment: encodeAssignment([...assigned]),
    }))
  }

  async #beat(): Promise<void> {
    const { instanceId } = this
    const { network, topics } = this.#options
    if (this.#dividedVersion !== null && this.#dividedVersion !== topics.image.version) {
      this.#isSettled = false
      return
    }
    const { epoch } = this
    const memberId = this.#memberId
    const reply = await network.ask((coordinator) =>
      coordinator.classicHeartbeat(memberId, instanceId, epoch),
    )
    if (this.#isDeaf || reply === null || reply.kind === 'done') return
    this.#refused(reply)
  }

  #refused(reply: GroupReply): void {
    if (reply.kind !== 'refused') throw new Error(`${this.name} was answered with ${reply.kind}`)
    const error: ErrorName = reply.error
    if (isPassing(error)) return
    this.#isSettled = false
    if (error === 'MEMBER_ID_REQUIRED') this.#memberId = reply.memberId!
    else if (error === 'UNKNOWN_MEMBER_ID') this.#memberId = ''
    else if (error === 'FENCED_INSTANCE_ID') this.#isFenced = true
    else if (error !== 'REBALANCE_IN_PROGRESS' && error !== 'ILLEGAL_GENERATION')
      throw new Error(`${this.name} was refused with ${error}: ${reply.message}`)
    if (this.#isFenced || error !== 'REBALANCE_IN_PROGRESS') this.#giveUp()
  }

  #giveUp(): void {
    this.#isSettled = false
    this.#own([], this.epoch)
  }

  #own(assigned: Assigned, epoch: number): void {
    const { topics, changed } = this.#options
    this.owned = new Set(
      assigned.flatMap(([topic, partitions]) =>
        partitions.map((partition) => `${topics.idOf(topic)}/${partition}`),
      ),
    )
    this.epoch = epoch
    changed(this)
  }
}
