import type { Uuid } from '#model'

/** What a group has to know of a topic. */
export interface KnownTopic {
  readonly topicId: Uuid
  readonly name: string
  readonly partitionCount: number
}

/** The topics at one moment. Two images of one version are equal. */
export interface TopicsImage {
  readonly version: number
  byName(name: string): KnownTopic | undefined
  byId(topicId: Uuid): KnownTopic | undefined
  names(): Iterable<string>
}

/** Returns an image of a list of topics. */
export const topicsImage = (version: number, topics: readonly KnownTopic[]): TopicsImage => {
  const byName = new Map(topics.map((topic) => [topic.name, topic]))
  const byId = new Map(topics.map((topic) => [topic.topicId, topic]))
  return {
    version,
    byName: (name) => byName.get(name),
    byId: (topicId) => byId.get(topicId),
    names: () => byName.keys(),
  }
}

/**
 * Returns a text that differs when the ids or partition counts of these topics do. It is kept with
 * the group, so that a change made while nobody looked is found.
 */
export const topicsDigest = (names: Iterable<string>, topics: TopicsImage): string => {
  let [low, high] = [0x811c9dc5, 0x01234567]
  const add = (text: string): void => {
    for (let index = 0; index < text.length; index += 1) {
      low = Math.imul(low ^ text.charCodeAt(index), 0x01000193)
      high = Math.imul(high ^ text.charCodeAt(index), 0x85ebca6b) ^ (low >>> 13)
    }
  }
  let known = 0
  for (const name of [...names].sort()) {
    const topic = topics.byName(name)
    if (!topic) continue
    known += 1
    add(`${name}/${topic.topicId}/${topic.partitionCount}\n`)
  }
  const hex = (word: number): string => (word >>> 0).toString(16).padStart(8, '0')
  return known === 0 ? '' : `${known}-${hex(low)}${hex(high)}`
}
