// Every setting as data, and how files, flags and topics' own configs become values.
export { type Arguments, type Flags, parseArguments, usage } from './arguments.ts'
export { brokerTable } from './broker.table.ts'
export { describeBrokerConfigs } from './broker-config.ts'
export { type ConfigChange, changeGroupConfigs, changeTopicConfigs } from './config-changes.ts'
export { ConfigSource, type ConfigSynonym, type DescribedConfig } from './described-config.ts'
export { groupTable } from './group.table.ts'
export { describeGroupConfigs, type GroupOverrides, groupConfig } from './group-config.ts'
export type { Endpoint } from './listeners.ts'
export {
  type BrokerKey,
  type BrokerSettings,
  loadSettings,
  type Notice,
  type SettingOrigin,
  type SettingOrigins,
  type Settings,
  type SettingsSources,
} from './load.ts'
export type { Setting, SettingType, SettingValue } from './setting.ts'
export { SettingsError } from './settings-error.ts'
export { topicTable } from './topic.table.ts'
export {
  checkTopicConfigs,
  describeTopicConfigs,
  type TopicConfig,
  type TopicOverrides,
  topicConfig,
} from './topic-config.ts'
export type { TopicKey } from './topic-fallback.ts'
