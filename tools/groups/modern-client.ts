import type { HeartbeatReply } from '#coordinators'
import { type ErrorName, uuidFromRandomBytes } from '#model'
import { type Client, type ClientOptions, isPassing, type PartitionName } from './client.ts'
import { groupId } from './coordinator.ts'

const beatIntervalMs = 1000

/** A member of the newer protocol, as KIP-848 wants it to behave. */
export class ModernClient implements Client {
  readonly name: string
  readonly instanceId: string | null
  readonly subscribed: readonly string[]
  readonly ended: Promise<void>
  isFrozen = false
  owned: ReadonlySet<PartitionName> = new Set()
  epoch = 0
  readonly #options: ClientOptions
  #memberId: string
  /** What it owns has changed and the coordinator has not heard of it; or an answer was missed. */
  #tellsAll = true
  #isFenced = false
  #stopping: 'leave' | 'crash' | null = null

  constructor(options: ClientOptions) {
    this.name = options.name
    this.instanceId = options.instanceId
    this.subscribed = options.subscribed
    this.#options = options
    this.#memberId = uuidFromRandomBytes(options.random.bytes(16))
    this.ended = this.#live()
  }

  get isEnding(): boolean {
    return this.#isFenced || this.#stopping !== null
  }

  stop(how: 'leave' | 'crash'): void {
    this.#stopping = how
  }

  async #live(): Promise<void> {
    const { network, random } = this.#options
    while (!this.isEnding) {
      if (!this.isFrozen) await this.#beat()
      const isDue = this.#tellsAll && !this.isFrozen
      await network.sleep(isDue ? random.below(50) : random.between(500, beatIntervalMs))
    }
    this.#own([], 0)
    if (this.#stopping === 'leave')
      await network.ask((coordinator) => coordinator.heartbeat(this.#request({ memberEpoch: -1 })))
  }

  #request({ memberEpoch }: { memberEpoch: number }) {
    const { instanceId } = this
    const tellsAll = this.#tellsAll || memberEpoch === 0
    return {
      version: 1,
      clientId: this.name,
      clientHost: '/127.0.0.1',
      newMemberId: this.#memberId,
      request: {
        groupId,
        memberId: this.#memberId,
        memberEpoch,
        instanceId,
        rackId: null,
        rebalanceTimeoutMs: tellsAll ? 8000 : -1,
        subscribedTopicNames: tellsAll ? this.subscribed : null,
        serverAssignor: null,
        topicPartitions: tellsAll ? byTopic(this.owned) : null,
      },
    }
  }

  async #beat(): Promise<void> {
    const { epoch } = this
    const said = this.#request({ memberEpoch: epoch })
    this.#tellsAll = false
    const reply = await this.#options.network.ask((coordinator) => coordinator.heartbeat(said))
    if (this.isFrozen || this.#stopping !== null) {
      this.#tellsAll = true
      return
    }
    if (reply === null) this.#tellsAll = true
    else if (reply.kind === 'heartbeat') this.#obey(reply)
    else if (reply.kind === 'refused') this.#refused(reply.error)
    else throw new Error(`a heartbeat was answered with ${reply.kind}`)
  }

  #obey({ memberEpoch, assignment }: HeartbeatReply): void {
    if (assignment === null) {
      this.#own(this.owned, memberEpoch)
      return
    }
    const names = Object.entries(assignment).flatMap(([topicId, partitions]) =>
      partitions.map((partition) => `${topicId}/${partition}`),
    )
    const isNew = names.length !== this.owned.size || names.some((name) => !this.owned.has(name))
    this.#own(names, memberEpoch)
    this.#tellsAll = isNew
  }

  #refused(error: ErrorName): void {
    this.#tellsAll = true
    // The last of a group that was put out of it finds a classic one: its application starts it anew.
    const mustRejoin = ['FENCED_MEMBER_EPOCH', 'UNKNOWN_MEMBER_ID', 'GROUP_ID_NOT_FOUND']
    if (mustRejoin.includes(error)) this.#own([], 0)
    else if (error === 'FENCED_INSTANCE_ID') {
      this.#own([], 0)
      this.#isFenced = true
    } else if (error !== 'UNRELEASED_INSTANCE_ID' && !isPassing(error))
      throw new Error(`a heartbeat of ${this.name} was refused with ${error}`)
  }

  #own(names: Iterable<PartitionName>, epoch: number): void {
    this.owned = new Set(names)
    this.epoch = epoch
    this.#options.changed(this)
  }
}

const byTopic = (names: ReadonlySet<PartitionName>) => {
  const topics = new Map<string, number[]>()
  for (const name of names) {
    const [topicId, partition] = name.split('/') as [string, string]
    topics.set(topicId, [...(topics.get(topicId) ?? []), Number(partition)])
  }
  return [...topics].map(([topicId, partitions]) => ({ topicId, partitions }))
}
