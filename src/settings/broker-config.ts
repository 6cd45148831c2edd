import { brokerTable } from './broker.table.ts'
import {
  ConfigSource,
  type ConfigSynonym,
  type DescribedConfig,
  typeNumbers,
} from './described-config.ts'
import type { BrokerKey, BrokerSettings, SettingOrigins } from './load.ts'
import { canonicalText, type Setting, textOf } from './setting.ts'

const keys = Object.keys(brokerTable) as readonly BrokerKey[]

/**
 * Describes every setting of the broker. None can change while it runs, so all are read-only; what is a
 * password is not shown.
 */
export const describeBrokerConfigs = (
  settings: BrokerSettings,
  origins: SettingOrigins,
): DescribedConfig[] =>
  keys.map((name) => {
    const setting: Setting = brokerTable[name]
    const isSensitive = setting.type === 'password'
    const shown = (text: string | null): string | null => (isSensitive ? null : text)
    const origin = origins.get(name)
    const synonyms: ConfigSynonym[] = []
    if (origin)
      synonyms.push({
        name,
        value: shown(canonicalText(setting, origin.text)),
        source: ConfigSource.staticBroker,
      })
    const standard = textOf(setting, setting.default)
    if (standard !== null)
      synonyms.push({ name, value: shown(standard), source: ConfigSource.default })
    return {
      name,
      value: shown(origin ? canonicalText(setting, origin.text) : textOf(setting, settings[name])),
      source: origin ? ConfigSource.staticBroker : ConfigSource.default,
      readOnly: true,
      isSensitive,
      type: typeNumbers[setting.type],
      synonyms,
    }
  })
