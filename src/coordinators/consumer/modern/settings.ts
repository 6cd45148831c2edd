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
