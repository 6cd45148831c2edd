import { kafkaError } from '#model'
import { type OwnSettings, readEntry } from './config-entry.ts'
import { checkGroupConfigs, groupSettings } from './group-config.ts'
import type { BrokerSettings } from './load.ts'
import { textOf } from './setting.ts'
import { checkTopicConfigs, topicConfig, topicSettings } from './topic-config.ts'
import type { TopicKey } from './topic-fallback.ts'

/** One step of IncrementalAlterConfigs (KIP-339). */
export interface ConfigChange {
  name: string
  /** 0 sets, 1 deletes, 2 appends to a list, 3 takes from a list. */
  configOperation: number
  value: string | null
}

type Configs = Readonly<Record<string, string>>

const Operation = { set: 0, delete: 1, append: 2, subtract: 3 } as const

/**
 * Returns a topic's own settings after some changes. Throws INVALID_REQUEST for a change that makes no
 * sense and INVALID_CONFIG for a setting that may not be so.
 */
export const changeTopicConfigs = (
  overrides: Configs,
  changes: readonly ConfigChange[],
  settings: BrokerSettings,
): Record<string, string> => {
  const standing = (name: string) => topicConfig(overrides, settings)[name as TopicKey]
  const changed = changeConfigs(topicSettings, overrides, changes, standing)
  checkTopicConfigs(changed, settings)
  return changed
}

/** As `changeTopicConfigs`, for what a group has for itself (KIP-848). */
export const changeGroupConfigs = (
  overrides: Configs,
  changes: readonly ConfigChange[],
  settings: BrokerSettings,
): Record<string, string> => {
  // No setting of a group is a list.
  const changed = changeConfigs(groupSettings, overrides, changes, () => null)
  checkGroupConfigs(changed, settings)
  return changed
}

const changeConfigs = (
  own: OwnSettings,
  overrides: Configs,
  changes: readonly ConfigChange[],
  standing: (name: string) => unknown,
): Record<string, string> => {
  if (new Set(changes.map(({ name }) => name)).size < changes.length)
    throw kafkaError('INVALID_REQUEST', 'A setting may be changed only once in a request.')
  const changed: Record<string, string> = { ...overrides }
  for (const { name, configOperation, value } of changes) {
    if (configOperation === Operation.delete) {
      // An unknown name is refused here as elsewhere.
      if (!Object.hasOwn(changed, name)) readEntry(own, name, defaultText(own, name))
      delete changed[name]
      continue
    }
    if (value === null)
      throw kafkaError('INVALID_REQUEST', `The ${own.noun} setting ${name} needs a value.`)
    changed[name] =
      configOperation === Operation.set
        ? value
        : changedList(own, name, configOperation, value, standing)
  }
  return changed
}

const defaultText = ({ table }: OwnSettings, name: string): string => {
  const setting = Object.hasOwn(table, name) ? table[name] : undefined
  return setting ? (textOf(setting, setting.default) ?? '') : ''
}

const changedList = (
  { noun, table }: OwnSettings,
  name: string,
  operation: number,
  value: string,
  standing: (name: string) => unknown,
): string => {
  if (operation !== Operation.append && operation !== Operation.subtract)
    throw kafkaError('INVALID_REQUEST', `There is no config operation ${operation}.`)
  const isKnown = Object.hasOwn(table, name)
  if (isKnown && table[name]!.type !== 'list')
    throw kafkaError('INVALID_CONFIG', `The ${noun} setting ${name} is no list: set it as a whole.`)
  const before = isKnown ? standing(name) : []
  const elements = Array.isArray(before) ? (before as readonly string[]) : []
  const given = value.split(',').map((element) => element.trim())
  const after =
    operation === Operation.append
      ? [...elements, ...given.filter((element) => !elements.includes(element))]
      : elements.filter((element) => !given.includes(element))
  return after.join(',')
}
