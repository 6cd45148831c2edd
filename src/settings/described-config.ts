import type { SettingType } from './setting.ts'

/** Where a value comes from, by the numbers of DescribeConfigs and CreateTopics. */
export const ConfigSource = { topic: 1, staticBroker: 4, default: 5, group: 8 } as const
export type ConfigSource = (typeof ConfigSource)[keyof typeof ConfigSource]

/** A setting whose value would stand if those before it were not there. */
export interface ConfigSynonym {
  name: string
  value: string | null
  source: ConfigSource
}

/** One setting as an administrator sees it. */
export interface DescribedConfig {
  name: string
  value: string | null
  source: ConfigSource
  readOnly: boolean
  isSensitive: boolean
  /** The number of the type in DescribeConfigs. */
  type: number
  /** The first is the one that stands (KIP-226). */
  synonyms: readonly ConfigSynonym[]
}

/** The types by the numbers of DescribeConfigs. */
export const typeNumbers: Readonly<Record<SettingType, number>> = {
  boolean: 1,
  string: 2,
  int: 3,
  short: 4,
  long: 5,
  double: 6,
  list: 7,
  class: 8,
  password: 9,
}
