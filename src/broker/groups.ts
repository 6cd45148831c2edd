import { ConsumerGroups, classicSettings, type Time } from '#coordinators'
import type { Catalog, SqlGroupStore } from '#metadata'
import { KafkaError } from '#model'
import type { Settings } from '#settings'
import type { Clock, Timer, World } from '#world'

/** The groups of a running broker. */
export interface RunningGroups {
  groups: ConsumerGroups
  stop(): Promise<void>
}

/** Loads the groups, and looks for offsets to be forgotten from time to time. */
export const startGroups = async (
  { clock, logger }: World,
  { broker }: Settings,
  store: SqlGroupStore,
  catalog: Catalog,
): Promise<RunningGroups> => {
  await store.start()
  const groups = new ConsumerGroups(store, steadyTime(clock), classicSettings(broker))
  await groups.start()
  const retentionMs = broker['offsets.retention.minutes'] * 60_000
  const topicIdOf = (name: string) => catalog.named(name)?.id
  let timer: Timer | undefined
  const expire = async (): Promise<void> => {
    try {
      await groups.expire(retentionMs, Math.floor(clock.nowMs()), topicIdOf)
    } catch (error) {
      // The store is full, or the broker stops: what is old stays until the next look.
      if (!(error instanceof KafkaError)) throw error
      logger.warn('old offsets could not be forgotten', { error: error.message })
    }
    wait()
  }
  const wait = (): void => {
    if (isStopped) return
    timer = clock.after(broker['offsets.retention.check.interval.ms'], () => void expire())
  }
  let isStopped = false
  wait()
  const stop = (): Promise<void> => {
    isStopped = true
    timer?.cancel()
    return groups.close()
  }
  return { groups, stop }
}

/** The machine's time since the start, so that sessions do not end when someone sets its clock. */
const steadyTime = (clock: Clock): Time => {
  const differenceMs = clock.nowMs() - clock.monotonicMs()
  return {
    nowMs: () => clock.monotonicMs() + differenceMs,
    after: (delayMs, task) => clock.after(delayMs, task),
    endOfTurn: (task) => clock.endOfTurn(task),
  }
}
