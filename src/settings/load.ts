// From defaults, a file, `--set` and flags to the settings that a broker runs with.
import type { Flags } from './arguments.ts'
import { brokerTable } from './broker.table.ts'
import {
  type Endpoint,
  endpointOf,
  isLoopback,
  isWildcard,
  listenerText,
  ownEndpoint,
  parseHostAndPort,
} from './listeners.ts'
import { nearest } from './nearest.ts'
import { parseProperties } from './properties.ts'
import { readSetting, type Setting } from './setting.ts'
import { SettingsError } from './settings-error.ts'
import { topicTable } from './topic.table.ts'

/** The name of a broker setting, Kafka's or ours. */
export type BrokerKey = keyof typeof brokerTable

/**
 * The value of every broker setting by its name. Times and sizes have the unit that the name ends in;
 * a long beyond 2^53 - 1 is that.
 */
export type BrokerSettings = {
  readonly [Key in BrokerKey]: (typeof brokerTable)[Key]['default']
}

/** Where a setting that is no default was given, and its text there, which no log may show. */
export interface SettingOrigin {
  from: 'file' | 'set' | 'flag'
  place: string
  text: string
}

/** The settings that are not defaults. */
export type SettingOrigins = ReadonlyMap<BrokerKey, SettingOrigin>

/** Something that whoever started the broker should know. */
export interface Notice {
  level: 'info' | 'warn'
  sentence: string
}

/** All that a broker is started with. */
export interface Settings {
  broker: BrokerSettings
  origins: SettingOrigins
  notices: readonly Notice[]
  /** The data folder. */
  folder: string
  listener: Endpoint
  /** Where clients are told to connect; its port is 0 where that of `listener` is and is meant. */
  advertised: Endpoint
  /** Where metrics are read, if anywhere. */
  metrics: Endpoint | undefined
  logFormat: 'text' | 'json'
}

/** Where settings come from, the later before the earlier. */
export interface SettingsSources {
  /** The text of a properties file; its name stands in sentences only. */
  file?: { name: string; text: string } | undefined
  /** Each as key=value. */
  sets: readonly string[]
  flags: Flags
}

/** What -1 stands for in `queued.max.request.bytes`. */
const queuedRequestBytesDefault = 536_870_912

type Values = { -readonly [Key in BrokerKey]: BrokerSettings[Key] }

/** Reads and checks all settings; throws a `SettingsError` for the first that cannot be used. */
export const loadSettings = ({ file, sets, flags }: SettingsSources): Settings => {
  const notices: Notice[] = []
  const origins = gather(file, sets, notices)
  const values = valuesOf(origins)
  settleNodeId(values, origins)
  settleMemory(values)
  for (const ordered of orderedKeys) checkOrder(values, ordered)
  checkConnectionOverrides(values['max.connections.per.ip.overrides'])
  const folder = settleFolder(values, origins, flags, notices)
  const endpoints = settleEndpoints(values, origins, flags, notices)
  return {
    broker: values,
    origins,
    notices,
    folder,
    ...endpoints,
    metrics: metricsEndpoint(values['odradek.metrics.listener'], notices),
    logFormat: flags.logFormat ?? 'text',
  }
}

const gather = (
  file: SettingsSources['file'],
  sets: readonly string[],
  notices: Notice[],
): Map<BrokerKey, SettingOrigin> => {
  const origins = new Map<BrokerKey, SettingOrigin>()
  const take = (key: string, origin: SettingOrigin): void => {
    const setting = settingNamed(key)
    if (setting) {
      origins.set(key as BrokerKey, origin)
      if (!setting.acts) notices.push(withoutMeaning(key, origin))
    } else notices.push(unknown(key, origin))
  }
  for (const { key, value, line } of file ? parseProperties(file.name, file.text) : [])
    take(key, { from: 'file', place: `${file!.name}, line ${line}`, text: value })
  for (const set of sets) {
    const [, key, text] = /^\s*([^=\s]+)\s*=(.*)$/s.exec(set) ?? []
    if (key === undefined || text === undefined)
      throw new SettingsError('--set must have the form key=value, like --set num.partitions=4.')
    take(key, { from: 'set', place: '--set', text })
  }
  return origins
}

const settingNamed = (key: string): Setting | undefined =>
  Object.hasOwn(brokerTable, key) ? brokerTable[key as BrokerKey] : undefined

const withoutMeaning = (key: string, { place }: SettingOrigin): Notice => ({
  level: 'info',
  sentence: `The setting ${key} (${place}) has no meaning here yet.`,
})

const unknown = (key: string, { place }: SettingOrigin): Notice => {
  if (Object.hasOwn(topicTable, key))
    return {
      level: 'warn',
      sentence: `${key} (${place}) is a setting of topics, not of the broker, and is ignored.`,
    }
  const meant = nearest(key, Object.keys(brokerTable))
  return {
    level: 'warn',
    sentence:
      `There is no setting ${key} (${place}), so it is ignored` +
      (meant === undefined ? '.' : `: did you mean ${meant}?`),
  }
}

const valuesOf = (origins: SettingOrigins): Values => {
  const values: Record<string, unknown> = {}
  for (const [key, setting] of Object.entries<Setting>(brokerTable)) {
    const origin = origins.get(key as BrokerKey)
    values[key] = origin ? read(key, setting, origin) : setting.default
  }
  return values as Values
}

const read = (
  key: string,
  setting: Setting,
  { place, text }: SettingOrigin,
): Setting['default'] => {
  const reading = readSetting(setting, text)
  if ('value' in reading) return reading.value
  const given = setting.type === 'password' ? '' : `, not '${text.trim()}'`
  throw new SettingsError(`${key} (${place}) must be ${reading.expected}${given}.`)
}

const settleNodeId = (values: Values, origins: SettingOrigins): void => {
  const brokerId = values['broker.id']
  if (brokerId < 0) return
  if (origins.has('node.id') && values['node.id'] !== brokerId)
    throw new SettingsError(
      `node.id is ${values['node.id']} and broker.id is ${brokerId}: they are one thing, so give only one of them.`,
    )
  values['node.id'] = brokerId
}

const settleMemory = (values: Values): void => {
  const frameSizeMax = values['socket.request.max.bytes']
  const queued = values['queued.max.request.bytes']
  if (queued > 0 && queued < frameSizeMax)
    throw new SettingsError(
      `queued.max.request.bytes is ${queued} and must be at least socket.request.max.bytes, which is ${frameSizeMax}.`,
    )
  values['queued.max.request.bytes'] =
    queued > 0 ? queued : Math.max(queuedRequestBytesDefault, frameSizeMax)
}

/** Each is to be no more than the next one, as Kafka's coordinators have it. */
const orderedKeys = [
  ['group.min.session.timeout.ms', 'group.max.session.timeout.ms'],
  ...(['heartbeat.interval.ms', 'session.timeout.ms', 'assignment.interval.ms'] as const).map(
    (name) =>
      [
        `group.consumer.min.${name}`,
        `group.consumer.${name}`,
        `group.consumer.max.${name}`,
      ] as const,
  ),
] as const

const checkOrder = (values: Values, keys: (typeof orderedKeys)[number]): void => {
  for (const [index, key] of keys.entries()) {
    const next = keys[index + 1]
    if (next !== undefined && values[key] > values[next])
      throw new SettingsError(
        `${key} is ${values[key]} and must not be more than ${next}, which is ${values[next]}.`,
      )
  }
}

const checkConnectionOverrides = (text: string): void => {
  for (const entry of text.split(',').filter((part) => part.trim() !== ''))
    if (!/^\s*\S+:\s*\d{1,9}\s*$/.test(entry))
      throw new SettingsError(
        `max.connections.per.ip.overrides has '${entry.trim()}': write each as address:count, like 10.0.0.7:100.`,
      )
}

const settleFolder = (
  values: Values,
  origins: Map<BrokerKey, SettingOrigin>,
  { data }: Flags,
  notices: Notice[],
): string => {
  if (data !== undefined) {
    values['log.dirs'] = [data]
    origins.set('log.dirs', { from: 'flag', place: '--data', text: data })
  } else if (values['log.dirs'] && origins.has('log.dir'))
    notices.push({
      level: 'warn',
      sentence: 'log.dir is ignored, since log.dirs is given as well.',
    })
  const key = values['log.dirs'] ? 'log.dirs' : 'log.dir'
  const folders = values['log.dirs'] ?? values['log.dir']
  const [folder] = folders
  if (folder === undefined || folders.length > 1)
    throw new SettingsError(
      `${key} must name exactly one folder, not ${folders.length}: the broker keeps all its data in one.`,
    )
  values['log.dirs'] = [folder]
  return folder
}

const settleEndpoints = (
  values: Values,
  origins: Map<BrokerKey, SettingOrigin>,
  flags: Flags,
  notices: Notice[],
): { listener: Endpoint; advertised: Endpoint } => {
  const names = {
    controllers: values['controller.listener.names'].map((name) => name.toUpperCase()),
    protocols: values['listener.security.protocol.map'],
  }
  const { host, port } = endpointOf('listeners', values.listeners, names)
  const listener = { host: flags.host ?? host, port: flags.port ?? port }
  const text = listenerText(listener)
  values.listeners = [text]
  if (flags.host !== undefined || flags.port !== undefined)
    origins.set('listeners', { from: 'flag', place: '--host and --port', text })

  const advertised = advertisedOf(values, names, flags)
  if (advertised) values['advertised.listeners'] = [listenerText(advertised)]
  if (flags.advertised !== undefined)
    origins.set('advertised.listeners', {
      from: 'flag',
      place: '--advertised',
      text: listenerText(advertised!),
    })
  if (isWildcard(listener.host) && !advertised)
    throw new SettingsError(
      'The broker listens on every address of this machine, so clients must be told which of them to connect to: add --advertised HOST:PORT.',
    )
  if (!isLoopback(listener.host))
    notices.push({
      level: 'warn',
      sentence: `The broker listens on ${listener.host || 'every address'}, and there is no authentication yet: whoever can reach it can read, write and delete everything.`,
    })
  return {
    listener: { ...listener, host: listener.host || '0.0.0.0' },
    advertised: advertised ?? listener,
  }
}

const metricsEndpoint = (text: string, notices: Notice[]): Endpoint | undefined => {
  const endpoint = ownEndpoint('odradek.metrics.listener', text)
  if (endpoint && !isLoopback(endpoint.host))
    notices.push({
      level: 'warn',
      sentence: `Metrics are served on ${endpoint.host} without authentication: whoever can reach it can read names of topics and files.`,
    })
  return endpoint
}

const advertisedOf = (
  values: Values,
  names: { controllers: readonly string[]; protocols: string },
  { advertised: flag }: Flags,
): Endpoint | undefined => {
  if (flag !== undefined) return parseHostAndPort('--advertised', flag)
  const texts = values['advertised.listeners']
  if (!texts || texts.length === 0) return undefined
  const advertised = endpointOf('advertised.listeners', texts, names)
  if (isWildcard(advertised.host) || advertised.port === 0)
    throw new SettingsError(
      `advertised.listeners must name a host and a port that clients can connect to, not '${listenerText(advertised)}'.`,
    )
  return advertised
}
