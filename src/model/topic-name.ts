import { kafkaError } from './errors.ts'

/** Characters of a topic name; with the partition's number it must fit a file name of 255. */
export const topicNameLengthMax = 249

/** Returns the sentence that says why Kafka allows no topic of that name, or undefined if it does. */
export const topicNameFault = (name: string): string | undefined => {
  if (name === '') return 'A topic name must not be empty.'
  if (name === '.' || name === '..') return `A topic name must not be '${name}'.`
  if (name.length > topicNameLengthMax)
    return `A topic name has at most ${topicNameLengthMax} characters, not ${name.length}.`
  if (!/^[a-zA-Z0-9._-]+$/.test(name))
    return `The topic name ${JSON.stringify(name)} has characters other than ASCII letters, digits, '.', '_' and '-'.`
  return undefined
}

/** Throws INVALID_TOPIC_EXCEPTION with the reason when Kafka allows no topic of that name. */
export const checkTopicName = (name: string): void => {
  const fault = topicNameFault(name)
  if (fault !== undefined) throw kafkaError('INVALID_TOPIC_EXCEPTION', fault)
}

/** Returns what colliding names have in common: '.' and '_' become one in the names of metrics. */
export const topicCollisionKey = (name: string): string => name.replaceAll('.', '_')

/** Says whether two topic names differ in nothing but '.' and '_', which Kafka refuses. */
export const topicNamesCollide = (name: string, other: string): boolean =>
  topicCollisionKey(name) === topicCollisionKey(other)

/** Says whether a topic is one of those that Kafka keeps for itself (Metadata's `isInternal`). */
export const isInternalTopic = (name: string): boolean => internalTopics.has(name)

const internalTopics: ReadonlySet<string> = new Set([
  '__consumer_offsets',
  '__transaction_state',
  '__share_group_state',
])
