import type { ConsumerGroups, TransactionalAppends, Transactions } from '#coordinators'
import type { LogEngine } from '#log'
import type { Catalog, GroupConfigs, ProducerIds } from '#metadata'
import { handlerKit, type ServedApi } from '#server'
import type { BrokerSettings, SettingOrigins } from '#settings'
import type { Clock, Logger, Random } from '#world'
import type { FetchSessions } from './fetch/sessions.ts'
import type { FetchWaits } from './fetch/waits.ts'

/** All that handlers work with; each names what it uses by destructuring. */
export interface BrokerContext {
  catalog: Catalog
  logs: LogEngine
  producerIds: ProducerIds
  groups: ConsumerGroups
  groupConfigs: GroupConfigs
  transactions: Transactions
  transactionalAppends: TransactionalAppends
  fetchSessions: FetchSessions
  fetchWaits: FetchWaits
  clock: Clock
  random: Random
  logger: Logger
  settings: BrokerSettings
  /** Where each broker setting came from. */
  origins: SettingOrigins
  /** What ApiVersions names. */
  served: readonly ServedApi[]
  /** Where clients are told to connect. */
  advertised: { host: string; port: number }
}

/** Declares a handler of this broker. */
export const handler = handlerKit<BrokerContext>()
