import { type Uuid, zeroUuid } from '#model'
import { corrupt } from './kafka-files-error.ts'
import { pendingRecordsMax } from './limits.ts'
import type { MetadataRecord } from './metadata-records.ts'

/** A topic as Kafka's metadata has it. */
export interface KafkaTopic {
  id: Uuid
  name: string
  /** The leader epoch of each partition, by its number. */
  leaderEpochs: readonly number[]
  /** The most replicas that any of its partitions has. */
  replicationFactor: number
  configs: Readonly<Record<string, string>>
}

interface GrowingTopic {
  name: string
  leaderEpochs: Map<number, number>
  replicationFactor: number
}

/** The kind of resource that topics are, in the records of configs. */
const topicResource = 2

/** The topics that the records of a metadata log amount to, taken in order. */
export class MetadataImage {
  readonly #topics = new Map<Uuid, GrowingTopic>()
  readonly #configs = new Map<string, Map<string, string>>()
  /** What a transaction of the log has so far (KIP-868): it counts when the transaction ends, or never. */
  #pending: MetadataRecord[] | undefined

  /** Takes a record over; throws a `KafkaFilesError` for one that speaks of what is not there. */
  take(record: MetadataRecord): void {
    const pending = this.#pending
    switch (record.kind) {
      case 'transactionBegun':
        this.#pending = []
        return
      case 'transactionAborted':
        this.#pending = undefined
        return
      case 'transactionEnded':
        this.#pending = undefined
        for (const each of pending ?? []) this.#apply(each)
        return
      default:
        if (!pending) this.#apply(record)
        else if (pending.push(record) > pendingRecordsMax)
          throw corrupt("A transaction of Kafka's metadata has too many records.")
    }
  }

  /** The topics in order of their names; throws a `KafkaFilesError` where a partition is missing. */
  topics(): KafkaTopic[] {
    return [...this.#topics]
      .map(([id, { name, leaderEpochs, replicationFactor }]) => ({
        id,
        name,
        leaderEpochs: Array.from({ length: leaderEpochs.size }, (_, partition) => {
          const epoch = leaderEpochs.get(partition)
          if (epoch === undefined)
            throw corrupt(`Kafka's metadata has no partition ${partition} of topic '${name}'.`)
          return epoch
        }),
        replicationFactor,
        configs: Object.fromEntries(this.#configs.get(name) ?? []),
      }))
      .sort((one, other) => (one.name < other.name ? -1 : 1))
  }

  #apply(record: MetadataRecord): void {
    switch (record.kind) {
      case 'topic':
        if (record.topicId === zeroUuid) throw corrupt(`Topic '${record.name}' has no id.`)
        this.#topics.set(record.topicId, {
          name: record.name,
          leaderEpochs: new Map(),
          replicationFactor: 0,
        })
        return
      case 'topicRemoved': {
        const topic = this.#topics.get(record.topicId)
        if (topic) this.#configs.delete(topic.name)
        this.#topics.delete(record.topicId)
        return
      }
      case 'partition': {
        const topic = this.#topicOf(record.topicId)
        topic.leaderEpochs.set(record.partition, record.leaderEpoch)
        topic.replicationFactor = Math.max(topic.replicationFactor, record.replicaCount)
        return
      }
      case 'leaderChanged': {
        const epochs = this.#topicOf(record.topicId).leaderEpochs
        const epoch = epochs.get(record.partition)
        if (epoch === undefined)
          throw corrupt(
            `Kafka's metadata changes partition ${record.partition}, which is not there.`,
          )
        epochs.set(record.partition, epoch + 1)
        return
      }
      case 'config':
        if (record.resourceType === topicResource)
          this.#configure(record.resource, record.name, record.value)
    }
  }

  #topicOf(topicId: Uuid): GrowingTopic {
    const topic = this.#topics.get(topicId)
    if (!topic) throw corrupt(`Kafka's metadata speaks of a topic ${topicId}, which is not there.`)
    return topic
  }

  #configure(topic: string, name: string, value: string | null): void {
    const configs = this.#configs.get(topic) ?? new Map<string, string>()
    this.#configs.set(topic, configs)
    if (value === null) configs.delete(name)
    else configs.set(name, value)
  }
}
