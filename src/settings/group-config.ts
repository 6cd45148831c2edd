// The configs that a group may have for itself (KIP-848), and what they amount to within the broker's bounds.
import { kafkaError } from '#model'
import { brokerTable } from './broker.table.ts'
import { readEntry } from './config-entry.ts'
import {
  ConfigSource,
  type ConfigSynonym,
  type DescribedConfig,
  typeNumbers,
} from './described-config.ts'
import { groupTable } from './group.table.ts'
import type { BrokerSettings, SettingOrigins } from './load.ts'
import { canonicalText, textOf } from './setting.ts'

/** The settings of groups that do something here: those of consumer groups. */
const consumerKeys = [
  'consumer.assignment.interval.ms',
  'consumer.heartbeat.interval.ms',
  'consumer.session.timeout.ms',
] as const

/** The name of a setting that a consumer group may have for itself. */
export type GroupKey = (typeof consumerKeys)[number]

/** What a group may have for itself. */
export const groupSettings = {
  noun: 'group',
  table: Object.fromEntries(consumerKeys.map((key) => [key, groupTable[key]])),
}

/** The settings that a group has for itself, as texts. */
export type GroupOverrides = Readonly<Record<string, string>>

/**
 * Throws INVALID_CONFIG with the reason unless all of these may be a group's own settings: each within the
 * broker's bounds, and heartbeats often enough for the session.
 */
export const checkGroupConfigs = (overrides: GroupOverrides, settings: BrokerSettings): void => {
  for (const [name, text] of Object.entries(overrides)) {
    const value = readEntry(groupSettings, name, text) as number
    const bound = (end: 'min' | 'max'): number =>
      settings[`group.${name.replace('consumer.', `consumer.${end}.`)}` as `group.${GroupKey}`]
    if (value < bound('min') || value > bound('max'))
      throw kafkaError(
        'INVALID_CONFIG',
        `The group setting ${name} must lie between ${bound('min')} and ${bound('max')} here, not at ${value}.`,
      )
  }
  const own = groupConfig(overrides)
  const standing = (key: GroupKey): number => own[key] ?? settings[`group.${key}`]
  if (standing('consumer.session.timeout.ms') <= standing('consumer.heartbeat.interval.ms'))
    throw kafkaError(
      'INVALID_CONFIG',
      'consumer.session.timeout.ms must be above consumer.heartbeat.interval.ms.',
    )
}

/** The values of what a group has for itself; names that this version does not know are left out. */
export const groupConfig = (overrides: GroupOverrides): Partial<Record<GroupKey, number>> => {
  const config: Partial<Record<GroupKey, number>> = {}
  for (const key of consumerKeys) {
    const text = overrides[key]
    if (text !== undefined) config[key] = readEntry(groupSettings, key, text) as number
  }
  return config
}

/** Describes every setting of a group, those of the broker behind its own. */
export const describeGroupConfigs = (
  overrides: GroupOverrides,
  settings: BrokerSettings,
  origins: SettingOrigins,
): DescribedConfig[] =>
  consumerKeys.map((name) => {
    const brokerKey = `group.${name}` as const
    const setting = brokerTable[brokerKey]
    const synonyms: ConfigSynonym[] = []
    const own = overrides[name]
    if (own !== undefined)
      synonyms.push({ name, value: canonicalText(setting, own), source: ConfigSource.group })
    const origin = origins.get(brokerKey)
    if (origin)
      synonyms.push({
        name: brokerKey,
        value: canonicalText(setting, origin.text),
        source: ConfigSource.staticBroker,
      })
    synonyms.push({
      name: brokerKey,
      value: textOf(setting, setting.default),
      source: ConfigSource.default,
    })
    return {
      name,
      value: own === undefined ? textOf(setting, settings[brokerKey]) : canonicalText(setting, own),
      source: synonyms[0]!.source,
      readOnly: false,
      isSensitive: false,
      type: typeNumbers[setting.type],
      synonyms,
    }
  })
