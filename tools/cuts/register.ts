// What the world outside knows of the metadata: which topics, configs and offsets were asked for, and what
// of it was acknowledged. After a cut the tables are held against it.
import { isDeepStrictEqual } from 'node:util'
import { BrokenPromise } from '../torture/check.ts'
import { Versions } from './versions.ts'

/** What a topic is made with. */
export interface Creation {
  name: string
  partitionCount: number
  configs: Readonly<Record<string, string>>
}

/** A topic as it is found. */
export interface FoundTopic extends Creation {
  id: string
}

/** A committed offset as it is found; its metadata is the number of the commit it came with. */
export interface FoundOffset {
  groupId: string
  topicId: string
  partition: number
  offset: number
  metadata: string
}

/** What a start finds. */
export interface FoundMetadata {
  clusterId: string
  starts: number
  topics: readonly FoundTopic[]
  offsets: readonly FoundOffset[]
}

type Offset = Pick<FoundOffset, 'offset' | 'metadata'> | null

/** A topic that is there, or may be. */
export class RegisteredTopic {
  readonly id: string
  readonly name: string
  readonly partitionCount: number
  readonly configs: Versions<Creation['configs']>
  /** By group and partition; null stands for none. */
  readonly offsets = new Map<string, Versions<Offset>>()
  deletion: 'none' | 'asked' | 'acknowledged' = 'none'

  constructor({ id, name, partitionCount, configs }: FoundTopic) {
    this.id = id
    this.name = name
    this.partitionCount = partitionCount
    this.configs = new Versions(configs)
  }

  offsetsOf(groupId: string, partition: number): Versions<Offset> {
    const key = `${groupId}/${partition}`
    let versions = this.offsets.get(key)
    if (!versions) {
      versions = new Versions<Offset>(null)
      this.offsets.set(key, versions)
    }
    return versions
  }
}

/** One version of one offset, as a commit asked for it. */
interface CommittedPart {
  topic: RegisteredTopic
  versions: Versions<Offset>
  version: number
}

export class Register {
  readonly topics = new Map<string, RegisteredTopic>()
  readonly #creations = new Set<Creation>()
  readonly #gone = new Set<string>()
  #commits = new Map<string, CommittedPart[]>()
  #commitCount = 0
  #clusterId: string | undefined
  #starts = 0
  #producerId = -1

  /** A topic is asked for; its id is not known before it is acknowledged. */
  creating(creation: Creation): void {
    this.#creations.add(creation)
  }

  created(creation: Creation, id: string): RegisteredTopic {
    this.#creations.delete(creation)
    const topic = new RegisteredTopic({ ...creation, id })
    this.topics.set(id, topic)
    return topic
  }

  deleted(topic: RegisteredTopic): void {
    topic.deletion = 'acknowledged'
    this.topics.delete(topic.id)
    this.#gone.add(topic.id)
  }

  /** Offsets that are to be committed together; returns the commit's number, and what acknowledges it. */
  committing(
    groupId: string,
    offsets: readonly { topic: RegisteredTopic; partition: number; offset: number }[],
  ): { metadata: string; acknowledge: () => void } {
    this.#commitCount += 1
    const metadata = String(this.#commitCount)
    const parts = offsets.map(({ topic, partition, offset }) => {
      const versions = topic.offsetsOf(groupId, partition)
      return { topic, versions, version: versions.ask({ offset, metadata }) }
    })
    this.#commits.set(metadata, parts)
    return { metadata, acknowledge: () => acknowledgeAll(parts) }
  }

  /** An offset that is to be deleted; returns what acknowledges that. */
  forgetting(topic: RegisteredTopic, groupId: string, partition: number): () => void {
    const versions = topic.offsetsOf(groupId, partition)
    const version = versions.ask(null)
    return () => versions.acknowledge(version)
  }

  /** A producer id was given out: each is once for ever, and they rise. */
  gaveOut(producerId: number): void {
    if (producerId <= this.#producerId)
      broken(`producer id ${producerId} is given out after ${this.#producerId}`)
    this.#producerId = producerId
  }

  /** Holds what is there after a cut against all this; throws a `BrokenPromise`. */
  check(found: FoundMetadata): void {
    if (found.starts <= this.#starts)
      broken(`this is start ${found.starts}, and start ${this.#starts} has been`)
    this.#starts = found.starts
    this.#clusterId ??= found.clusterId
    if (found.clusterId !== this.#clusterId) broken('the cluster has another id')
    this.#checkTopics(found.topics)
    this.#checkOffsets(found.offsets)
    this.#creations.clear()
    this.#commits.clear()
  }

  #checkTopics(found: readonly FoundTopic[]): void {
    for (const topic of found) {
      if (this.#gone.has(topic.id)) broken(`topic ${topic.name} was deleted and is there again`)
      const known = this.topics.get(topic.id) ?? this.#adopt(topic)
      if (known.name !== topic.name || known.partitionCount !== topic.partitionCount)
        broken(`topic ${known.name} is another one: ${JSON.stringify(topic)}`)
      if (known.configs.settle(topic.configs) === undefined)
        broken(`${topic.name} has ${JSON.stringify(topic.configs)}, not ${known.configs}`)
      // What was asked for and has not happened never will.
      known.deletion = 'none'
    }
    for (const topic of this.topics.values()) {
      if (found.some(({ id }) => id === topic.id)) continue
      if (topic.deletion === 'none') broken(`topic ${topic.name} is gone`)
      this.deleted(topic)
    }
  }

  /** A topic whose creation was asked for and not acknowledged before the cut. */
  #adopt({ id, ...topic }: FoundTopic): RegisteredTopic {
    const asked = [...this.#creations].find((creation) => isDeepStrictEqual(creation, topic))
    if (!asked) broken(`nobody asked for topic ${topic.name}`)
    return this.created(asked, id)
  }

  #checkOffsets(found: readonly FoundOffset[]): void {
    for (const { groupId, topicId, partition } of found) {
      const topic = this.topics.get(topicId)
      if (!topic) broken(`${groupId} has an offset in a topic that is not there`)
      topic.offsetsOf(groupId, partition)
    }
    const settled = new Map<Versions<Offset>, { first: number; last: number }>()
    for (const topic of this.topics.values())
      for (const [key, versions] of topic.offsets) {
        const offset = offsetAt(found, topic, key)
        const version = versions.settle(offset)
        if (!version)
          broken(`${key} of ${topic.name} has ${JSON.stringify(offset)}, not ${versions}`)
        settled.set(versions, version)
      }
    for (const [metadata, parts] of this.#commits) {
      const left = parts.filter(({ topic }) => this.topics.has(topic.id))
      const isThere = left.some(({ versions, version }) => settled.get(versions)!.first >= version)
      const isNot = left.some(({ versions, version }) => settled.get(versions)!.last < version)
      if (isThere && isNot) broken(`half of commit ${metadata} is there`)
    }
  }
}

const acknowledgeAll = (parts: readonly CommittedPart[]): void => {
  for (const { versions, version } of parts) versions.acknowledge(version)
}

const offsetAt = (found: readonly FoundOffset[], { id }: RegisteredTopic, key: string): Offset => {
  const row = found.find(
    ({ groupId, topicId, partition }) => topicId === id && `${groupId}/${partition}` === key,
  )
  return row ? { offset: row.offset, metadata: row.metadata } : null
}

const broken: (what: string) => never = (what) => {
  throw new BrokenPromise(`metadata: ${what}`)
}
