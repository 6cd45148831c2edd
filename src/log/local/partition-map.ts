import type { PartitionId } from '../engine.ts'
import type { Partition } from './partition.ts'

/** The partitions that are served, by topic id and number. */
export class PartitionMap {
  readonly #topics = new Map<string, (Partition | undefined)[]>()

  get({ topicId, partition }: PartitionId): Partition | undefined {
    return this.#topics.get(topicId)?.[partition]
  }

  add(partition: Partition): void {
    const { topicId, partition: number } = partition.id
    const siblings = this.#topics.get(topicId) ?? []
    siblings[number] = partition
    this.#topics.set(topicId, siblings)
  }

  remove({ topicId, partition }: PartitionId): void {
    const siblings = this.#topics.get(topicId)
    delete siblings?.[partition]
    if (siblings?.every((sibling) => sibling === undefined)) this.#topics.delete(topicId)
  }

  [Symbol.iterator](): Iterator<Partition> {
    return partitionsOf(this.#topics.values())
  }
}

function* partitionsOf(topics: Iterable<(Partition | undefined)[]>): Iterator<Partition> {
  for (const partitions of topics)
    for (const partition of partitions) if (partition) yield partition
}
