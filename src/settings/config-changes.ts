import { kafkaError } from '#model'
import type { BrokerSettings } from './load.ts'
import { topicTable } from './topic.table.ts'
import { checkTopicConfigs, type TopicOverrides, topicConfig } from './topic-config.ts'
import type { TopicKey } from './topic-fallback.ts'

/** One step of IncrementalAlterConfigs (KIP-339). */
export interface ConfigChange {
  name: string
  /** 0 sets, 1 deletes, 2 appends to a list, 3 takes from a list. */
  configOperation: number
  value: string | null
}

const Operation = { set: 0, delete: 1, append: 2, subtract: 3 } as const

/**
 * Returns a topic's own settings after some changes. Throws INVALID_REQUEST for a change that makes no
 * sense and INVALID_CONFIG for a setting that may not be so.
 */
export const changeTopicConfigs = (
  overrides: TopicOverrides,
  changes: readonly ConfigChange[],
  settings: BrokerSettings,
): Record<string, string> => {
  if (new Set(changes.map(({ name }) => name)).size < changes.length)
    throw kafkaError('INVALID_REQUEST', 'A setting may be changed only once in a request.')
  const changed: Record<string, string> = { ...overrides }
  for (const { name, configOperation, value } of changes) {
    if (configOperation === Operation.delete) {
      // An unknown name is refused here as elsewhere.
      if (!Object.hasOwn(changed, name)) checkTopicConfigs({ [name]: defaultText(name) }, settings)
      delete changed[name]
      continue
    }
    if (value === null)
      throw kafkaError('INVALID_REQUEST', `The topic setting ${name} needs a value.`)
    changed[name] =
      configOperation === Operation.set
        ? value
        : changedList(name, configOperation, value, overrides, settings)
  }
  checkTopicConfigs(changed, settings)
  return changed
}

const isTopicKey = (name: string): name is TopicKey => Object.hasOwn(topicTable, name)

const defaultText = (name: string): string =>
  isTopicKey(name) ? String(topicTable[name].default) : ''

const changedList = (
  name: string,
  operation: number,
  value: string,
  overrides: TopicOverrides,
  settings: BrokerSettings,
): string => {
  if (operation !== Operation.append && operation !== Operation.subtract)
    throw kafkaError('INVALID_REQUEST', `There is no config operation ${operation}.`)
  if (isTopicKey(name) && topicTable[name].type !== 'list')
    throw kafkaError('INVALID_CONFIG', `The topic setting ${name} is no list: set it as a whole.`)
  const before = isTopicKey(name) ? topicConfig(overrides, settings)[name] : []
  const elements = Array.isArray(before) ? (before as readonly string[]) : []
  const given = value.split(',').map((element) => element.trim())
  const after =
    operation === Operation.append
      ? [...elements, ...given.filter((element) => !elements.includes(element))]
      : elements.filter((element) => !given.includes(element))
  return after.join(',')
}
