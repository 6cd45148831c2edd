import { topicCollisionKey, type Uuid } from '#model'

/** A topic as it stands. `leaderEpoch` is that of all its partitions. */
export interface Topic {
  readonly id: Uuid
  readonly name: string
  readonly partitionCount: number
  /** Rises by one with each start of the broker, so that what a power cut took back is never mistaken. */
  readonly leaderEpoch: number
  /** What was set for this topic itself, by Kafka's names, as it was given. */
  readonly configs: Readonly<Record<string, string>>
}

/** The topics by name and by id. */
export class Image {
  readonly #byName = new Map<string, Topic>()
  readonly #byId = new Map<Uuid, Topic>()
  /** Names with '.' and '_' made equal: Kafka's metric names cannot tell them apart. */
  readonly #collisions = new Map<string, string>()
  #partitionCount = 0
  #version = 0

  /** Rises with every change, so that who has seen a version need not look again. */
  get version(): number {
    return this.#version
  }

  get partitionCount(): number {
    return this.#partitionCount
  }

  named(name: string): Topic | undefined {
    return this.#byName.get(name)
  }

  identified(id: Uuid): Topic | undefined {
    return this.#byId.get(id)
  }

  all(): Iterable<Topic> {
    return this.#byName.values()
  }

  /** The topic whose name differs from `name` only in '.' and '_'. */
  colliding(name: string): string | undefined {
    const other = this.#collisions.get(topicCollisionKey(name))
    return other === name ? undefined : other
  }

  add(topic: Topic): void {
    this.#version += 1
    this.#byName.set(topic.name, topic)
    this.#byId.set(topic.id, topic)
    this.#collisions.set(topicCollisionKey(topic.name), topic.name)
    this.#partitionCount += topic.partitionCount
  }

  /** Puts another state of a topic in the place of the one that has its id. */
  replace(topic: Topic): void {
    this.#version += 1
    this.#byName.set(topic.name, topic)
    this.#byId.set(topic.id, topic)
  }

  remove(topic: Topic): void {
    this.#version += 1
    this.#byName.delete(topic.name)
    this.#byId.delete(topic.id)
    this.#collisions.delete(topicCollisionKey(topic.name))
    this.#partitionCount -= topic.partitionCount
  }
}
