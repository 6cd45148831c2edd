// The configs of a topic: which are allowed, what they amount to with the broker's settings behind
// them, and how they are described to an administrator.
import { assert, kafkaError } from '#model'
import { brokerTable } from './broker.table.ts'
import { readEntry } from './config-entry.ts'
import {
  ConfigSource,
  type ConfigSynonym,
  type DescribedConfig,
  typeNumbers,
} from './described-config.ts'
import type { BrokerSettings, SettingOrigins } from './load.ts'
import { canonicalText, readSetting, type Setting, type SettingValue, textOf } from './setting.ts'
import { topicTable } from './topic.table.ts'
import { type TopicKey, topicFallbacks } from './topic-fallback.ts'

/** The value of every topic setting by its name, in the units that the names end in. */
export type TopicConfig = {
  readonly [Key in TopicKey]: (typeof topicTable)[Key]['default']
}

/** The settings that a topic has for itself, as texts. */
export type TopicOverrides = Readonly<Record<string, string>>

/** What a topic may have for itself. */
export const topicSettings = { noun: 'topic', table: topicTable } as const

const topicKeys = Object.keys(topicTable) as readonly TopicKey[]

/**
 * Throws INVALID_CONFIG with the reason unless all of these may be a topic's own settings, each for
 * itself and together with what the broker has for the others. A null value is one that is missing.
 */
export const checkTopicConfigs = (
  entries: Readonly<Record<string, string | null>>,
  settings: BrokerSettings,
): void => {
  const overrides: Record<string, string> = {}
  for (const [name, text] of Object.entries(entries)) {
    readEntry(topicSettings, name, text)
    overrides[name] = text!
  }
  const config = topicConfig(overrides, settings)
  if (config['min.compaction.lag.ms'] > config['max.compaction.lag.ms'])
    throw kafkaError(
      'INVALID_CONFIG',
      `min.compaction.lag.ms (${config['min.compaction.lag.ms']}) must not be above max.compaction.lag.ms (${config['max.compaction.lag.ms']}).`,
    )
  if (config['remote.storage.enable'])
    throw kafkaError(
      'INVALID_CONFIG',
      'remote.storage.enable must be false: there is no tiering here.',
    )
}

const settingNamed = (name: string): Setting | undefined =>
  Object.hasOwn(topicTable, name) ? topicTable[name as TopicKey] : undefined

/**
 * Returns what applies to a topic: its own settings, which `checkTopicConfigs` has let pass, before
 * the broker's. Names of its own that this version does not know are left out.
 */
export const topicConfig = (overrides: TopicOverrides, settings: BrokerSettings): TopicConfig => {
  const own = Object.entries(overrides)
  if (own.length === 0) return brokerPart(settings)
  const config: Record<string, SettingValue> = { ...brokerPart(settings) }
  for (const [name, text] of own) {
    const setting = settingNamed(name)
    if (!setting) continue
    const reading = readSetting(setting, text)
    assert(
      'value' in reading,
      `The stored topic setting ${name} has a value that was never allowed.`,
    )
    config[name] = reading.value
  }
  return config as TopicConfig
}

/** A start asks for each of thousands of topics, and most have no settings of their own. */
const brokerParts = new WeakMap<BrokerSettings, TopicConfig>()

const brokerPart = (settings: BrokerSettings): TopicConfig => {
  const known = brokerParts.get(settings)
  if (known) return known
  const config: Record<string, SettingValue> = {}
  for (const key of topicKeys) config[key] = fallbackValue(key, settings)
  brokerParts.set(settings, config as TopicConfig)
  return config as TopicConfig
}

const fallbackValue = (key: TopicKey, settings: BrokerSettings): SettingValue => {
  const found = topicFallbacks[key].find((fallback) => settings[fallback.key] !== null)
  if (!found) return topicTable[key].default
  const value = settings[found.key]
  return typeof value === 'number' ? inTopicUnits(value, found.factor) : value
}

/** A time below zero is Kafka's "for ever" in whatever unit. */
const inTopicUnits = (value: number, factor: number): number =>
  factor > 1 && value < 0 ? -1 : value * factor

/** Describes every setting of a topic, in the order of Kafka's names; texts are as Kafka prints them. */
export const describeTopicConfigs = (
  overrides: TopicOverrides,
  settings: BrokerSettings,
  origins: SettingOrigins,
): DescribedConfig[] => topicKeys.map((key) => describe(key, overrides, settings, origins))

const describe = (
  key: TopicKey,
  overrides: TopicOverrides,
  settings: BrokerSettings,
  origins: SettingOrigins,
): DescribedConfig => {
  const synonyms = synonymsOf(key, overrides, origins)
  const standing = synonyms[0]?.source ?? ConfigSource.default
  return {
    name: key,
    value: valueText(key, standing, overrides, settings, origins),
    source: standing,
    readOnly: false,
    isSensitive: false,
    type: typeNumbers[topicTable[key].type],
    synonyms,
  }
}

const synonymsOf = (
  key: TopicKey,
  overrides: TopicOverrides,
  origins: SettingOrigins,
): ConfigSynonym[] => {
  const synonyms: ConfigSynonym[] = []
  const own = overrides[key]
  if (own !== undefined)
    synonyms.push({
      name: key,
      value: canonicalText(topicTable[key], own),
      source: ConfigSource.topic,
    })
  for (const fallback of topicFallbacks[key]) {
    const origin = origins.get(fallback.key)
    if (origin)
      synonyms.push({
        name: fallback.key,
        value: canonicalText(brokerTable[fallback.key], origin.text),
        source: ConfigSource.staticBroker,
      })
    const standard = textOf(brokerTable[fallback.key], brokerTable[fallback.key].default)
    if (standard !== null)
      synonyms.push({ name: fallback.key, value: standard, source: ConfigSource.default })
  }
  return synonyms
}

const valueText = (
  key: TopicKey,
  standing: ConfigSource,
  overrides: TopicOverrides,
  settings: BrokerSettings,
  origins: SettingOrigins,
): string | null => {
  const own = overrides[key]
  if (standing === ConfigSource.topic && own !== undefined)
    return canonicalText(topicTable[key], own)
  const found = topicFallbacks[key].find((fallback) => settings[fallback.key] !== null)
  const given = found?.factor === 1 ? origins.get(found.key) : undefined
  if (given) return canonicalText(topicTable[key], given.text)
  return textOf(topicTable[key], fallbackValue(key, settings))
}
