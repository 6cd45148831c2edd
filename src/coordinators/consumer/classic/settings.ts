/** What the broker's `group.*` settings say of classic groups. Times are in ms. */
export interface ClassicSettings {
  readonly sizeMax: number
  readonly sessionTimeoutMinMs: number
  readonly sessionTimeoutMaxMs: number
  readonly initialRebalanceDelayMs: number
}

/** Kafka's defaults. */
export const classicDefaults: ClassicSettings = {
  sizeMax: 2 ** 31 - 1,
  sessionTimeoutMinMs: 6000,
  sessionTimeoutMaxMs: 1_800_000,
  initialRebalanceDelayMs: 3000,
}

/** The broker's settings that a classic group goes by, under Kafka's names. */
export interface BrokerClassicSettings {
  readonly 'group.max.size': number
  readonly 'group.min.session.timeout.ms': number
  readonly 'group.max.session.timeout.ms': number
  readonly 'group.initial.rebalance.delay.ms': number
}

/** Reads them. */
export const classicSettings = (broker: BrokerClassicSettings): ClassicSettings => ({
  sizeMax: broker['group.max.size'],
  sessionTimeoutMinMs: broker['group.min.session.timeout.ms'],
  sessionTimeoutMaxMs: broker['group.max.session.timeout.ms'],
  initialRebalanceDelayMs: broker['group.initial.rebalance.delay.ms'],
})
