import { assignorNames } from '../assignors/assignors.ts'

/** Which way a running group may pass between the protocols (`group.consumer.migration.policy`). */
export type MigrationPolicy = 'disabled' | 'upgrade' | 'downgrade' | 'bidirectional'

/** What `group.consumer.*` and the group's own configs say, the latter first. Times are in ms. */
export interface ModernGroupSettings {
  readonly assignors: readonly string[]
  readonly sizeMax: number
  /** `group.max.size`: a group of more is not handed to the classic protocol. */
  readonly classicSizeMax: number
  readonly sessionTimeoutMs: number
  readonly heartbeatIntervalMs: number
  /** The least time between two target assignments (KIP-1263). */
  readonly assignmentIntervalMs: number
  readonly regexRefreshIntervalMs: number
  readonly migrationPolicy: MigrationPolicy
}

/** Kafka 4.3's defaults. */
export const modernGroupDefaults: ModernGroupSettings = {
  assignors: ['uniform', 'range'],
  sizeMax: 2 ** 31 - 1,
  classicSizeMax: 2 ** 31 - 1,
  sessionTimeoutMs: 45_000,
  heartbeatIntervalMs: 5_000,
  assignmentIntervalMs: 1_000,
  regexRefreshIntervalMs: 600_000,
  migrationPolicy: 'bidirectional',
}

/** The broker's settings that a consumer group goes by, under Kafka's names. */
export interface BrokerGroupSettings {
  readonly 'group.consumer.assignors': readonly string[]
  readonly 'group.consumer.max.size': number
  readonly 'group.consumer.session.timeout.ms': number
  readonly 'group.consumer.min.session.timeout.ms': number
  readonly 'group.consumer.max.session.timeout.ms': number
  readonly 'group.consumer.heartbeat.interval.ms': number
  readonly 'group.consumer.min.heartbeat.interval.ms': number
  readonly 'group.consumer.max.heartbeat.interval.ms': number
  readonly 'group.consumer.assignment.interval.ms': number
  readonly 'group.consumer.min.assignment.interval.ms': number
  readonly 'group.consumer.max.assignment.interval.ms': number
  readonly 'group.consumer.migration.policy': string
  readonly 'group.consumer.regex.refresh.interval.ms': number
  readonly 'group.max.size': number
}

/** What was set for one group, under Kafka's names; undefined where nothing was. */
export interface OwnGroupSettings {
  readonly 'consumer.session.timeout.ms'?: number | undefined
  readonly 'consumer.heartbeat.interval.ms'?: number | undefined
  readonly 'consumer.assignment.interval.ms'?: number | undefined
}

/**
 * The settings of a group: its own first, and where the broker's bounds have moved since they were
 * set, the nearest value within them.
 */
export const modernGroupSettings = (
  broker: BrokerGroupSettings,
  own: OwnGroupSettings = {},
): ModernGroupSettings => {
  const bounded = (
    name: 'session.timeout.ms' | 'heartbeat.interval.ms' | 'assignment.interval.ms',
  ): number => {
    const value = own[`consumer.${name}`]
    if (value === undefined) return broker[`group.consumer.${name}`]
    const least = Math.max(value, broker[`group.consumer.min.${name}`])
    return Math.min(least, broker[`group.consumer.max.${name}`])
  }
  const known = broker['group.consumer.assignors'].filter((name) => assignorNames.includes(name))
  return {
    ...modernGroupDefaults,
    assignors: known.length > 0 ? known : assignorNames,
    sizeMax: broker['group.consumer.max.size'],
    classicSizeMax: broker['group.max.size'],
    sessionTimeoutMs: bounded('session.timeout.ms'),
    heartbeatIntervalMs: bounded('heartbeat.interval.ms'),
    assignmentIntervalMs: bounded('assignment.interval.ms'),
    regexRefreshIntervalMs: broker['group.consumer.regex.refresh.interval.ms'],
    migrationPolicy: policyOf(broker['group.consumer.migration.policy']),
  }
}

const policyOf = (text: string): MigrationPolicy => {
  const policy = text.toLowerCase()
  return policy === 'upgrade' || policy === 'downgrade' || policy === 'disabled'
    ? policy
    : 'bidirectional'
}
