import type { LogEngine, OpenPartition } from '#log'
import {
  isReservedUuid,
  kafkaError,
  topicNamesCollide,
  type Uuid,
  uuidFromRandomBytes,
} from '#model'
import type { BrokerSettings } from '#settings'
import type { Clock, Random } from '#world'
import { Image, type Topic } from './image.ts'
import { partitionsPerRequestMax } from './limits.ts'
import { logConfig } from './log-config.ts'
import type { MetadataStore, StoredState } from './store.ts'
import { type CreatedTopic, planTopic, type TopicSpec } from './topic-creation.ts'

/** What of the log follows the topics. */
export type TopicLogs = Pick<LogEngine, 'open' | 'configure' | 'drop'>

/**
 * The topics: made, found and deleted. A change is durable in the store before the image and the log
 * show it, and changes to one name happen one after the other.
 */
export class Catalog {
  readonly clusterId: string
  readonly nodeId: number
  readonly #image = new Image()
  readonly #creating = new Map<string, Promise<CreatedTopic>>()
  readonly #configuring = new Map<Uuid, Promise<void>>()
  readonly #store: MetadataStore
  readonly #logs: TopicLogs
  readonly #clock: Clock
  readonly #random: Random
  readonly #starts: number
  readonly #settings: BrokerSettings

  constructor(
    store: MetadataStore,
    logs: TopicLogs,
    clock: Clock,
    random: Random,
    state: StoredState,
    settings: BrokerSettings,
  ) {
    this.#store = store
    this.#logs = logs
    this.#clock = clock
    this.#random = random
    this.#settings = settings
    this.#starts = state.starts
    this.clusterId = state.clusterId
    this.nodeId = settings['node.id']
    for (const { createdInStart, ...topic } of state.topics)
      this.#image.add({ ...topic, leaderEpoch: state.starts - createdInStart })
  }

  /** Rises with every change of a topic. */
  get version(): number {
    return this.#image.version
  }

  named(name: string): Topic | undefined {
    return this.#image.named(name)
  }

  identified(id: Uuid): Topic | undefined {
    return this.#image.identified(id)
  }

  all(): Iterable<Topic> {
    return this.#image.all()
  }

  /** A topic that compacts and does not delete keeps the last record of each key: none goes by its age. */
  mayDeleteRecords({ configs }: Topic): boolean {
    const { deletes, compacted } = logConfig(configs, this.#settings)
    return deletes || !compacted
  }

  /** Every partition of every topic, as the log opens them. */
  partitions(): OpenPartition[] {
    return [...this.#image.all()].flatMap((topic) => this.#partitionsOf(topic))
  }

  /**
   * Makes a topic, or with `validateOnly` only says what it would be. A name that is just being made
   * for someone else counts as existing. Throws the `KafkaError` that says why not.
   */
  async create(spec: TopicSpec, validateOnly = false): Promise<CreatedTopic> {
    this.#refuseWhileCreating(spec.name)
    if (spec.numPartitions > partitionsPerRequestMax)
      throw kafkaError(
        'POLICY_VIOLATION',
        `One request may create at most ${partitionsPerRequestMax} partitions.`,
      )
    const plan = planTopic(spec, this.#image, this.nodeId, this.#settings)
    const created = { ...plan, id: this.#freshId() }
    if (validateOnly) return created
    const creation = this.#make(created)
    this.#creating.set(spec.name, creation)
    try {
      return await creation
    } finally {
      this.#creating.delete(spec.name)
    }
  }

  /** The topic of that name, made with the broker's defaults when it is missing; throws as `create`. */
  async ensure(name: string): Promise<Topic> {
    const pending = this.#creating.get(name)
    if (pending) await pending
    else if (!this.#image.named(name)) await this.create({ ...defaults, name })
    const topic = this.#image.named(name)
    if (!topic) throw kafkaError('UNKNOWN_TOPIC_OR_PARTITION')
    return topic
  }

  /** Deletes topics for good; afterwards no look-up finds them. Their files go in the background. */
  async delete(topics: readonly Topic[]): Promise<void> {
    await this.#store.deleteTopics(topics.map(({ id }) => id))
    // Another request may have deleted one of them meanwhile.
    const removed = topics.flatMap(({ id }) => this.#image.identified(id) ?? [])
    for (const topic of removed) this.#image.remove(topic)
    await this.#logs.drop(removed.flatMap((topic) => this.#partitionsOf(topic)))
  }

  /**
   * Changes what a topic has set for itself; `change` gets its settings as they are then, and returns or
   * throws. Changes of one topic follow each other. With `validateOnly` nothing is changed.
   */
  async configure(
    topicId: Uuid,
    change: (configs: Topic['configs']) => Topic['configs'],
    validateOnly: boolean,
  ): Promise<void> {
    const before = this.#configuring.get(topicId) ?? Promise.resolve()
    // An earlier change that failed was heard of by whoever asked for it.
    const configuring = before
      .catch(() => undefined)
      .then(() => this.#configure(topicId, change, validateOnly))
    this.#configuring.set(topicId, configuring)
    try {
      await configuring
    } finally {
      if (this.#configuring.get(topicId) === configuring) this.#configuring.delete(topicId)
    }
  }

  async #configure(
    topicId: Uuid,
    change: (configs: Topic['configs']) => Topic['configs'],
    validateOnly: boolean,
  ): Promise<void> {
    const topic = this.#served(topicId)
    const configs = change(topic.configs)
    if (validateOnly) return
    await this.#store.setTopicConfigs(topicId, configs)
    const configured = { ...this.#served(topicId), configs }
    this.#image.replace(configured)
    for (const partition of this.#partitionsOf(configured))
      this.#logs.configure(partition, partition.config)
  }

  #served(topicId: Uuid): Topic {
    const topic = this.#image.identified(topicId)
    if (!topic) throw kafkaError('UNKNOWN_TOPIC_OR_PARTITION')
    return topic
  }

  #refuseWhileCreating(name: string): void {
    for (const other of this.#creating.keys()) {
      if (other === name)
        throw kafkaError('TOPIC_ALREADY_EXISTS', `Topic '${name}' is just being created.`)
      if (topicNamesCollide(other, name))
        throw kafkaError(
          'INVALID_TOPIC_EXCEPTION',
          `Topic '${name}' collides with '${other}', which is just being created.`,
        )
    }
  }

  async #make(topic: CreatedTopic): Promise<CreatedTopic> {
    await this.#store.createTopics(
      [{ ...topic, createdInStart: this.#starts }],
      this.#clock.nowMs(),
    )
    const made: Topic = { ...topic, leaderEpoch: 0 }
    try {
      await this.#logs.open(this.#partitionsOf(made))
    } catch (error) {
      await this.#store.deleteTopics([topic.id])
      throw error
    }
    this.#image.add(made)
    return topic
  }

  #partitionsOf(topic: Topic): OpenPartition[] {
    const config = logConfig(topic.configs, this.#settings)
    return Array.from({ length: topic.partitionCount }, (_, partition) => ({
      topicId: topic.id,
      topic: topic.name,
      partition,
      leaderEpoch: topic.leaderEpoch,
      config,
    }))
  }

  #freshId(): Uuid {
    for (;;) {
      const id = uuidFromRandomBytes(this.#random.bytes(16))
      if (!isReservedUuid(id)) return id
    }
  }
}

const defaults: Omit<TopicSpec, 'name'> = {
  numPartitions: -1,
  replicationFactor: -1,
  assignments: [],
  configs: [],
}
