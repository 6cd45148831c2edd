import type { Registry } from 'prom-client'
import { gauge, type Reading } from './instruments.ts'

/** What the coordinators have in memory: all that something goes on in, and of the rest what was used last. */
export interface CoordinatorSources {
  groups(): Iterable<{ readonly type: string; readonly phase: string }>
  /** `startedAtMs` is the time since the epoch that the last transaction began at, or -1. */
  transactions(): Iterable<{ readonly phase: string; readonly startedAtMs: number }>
  nowMs(): number
}

/** Those of a transaction that readers of committed records wait for. */
const openPhases: ReadonlySet<string> = new Set(['Ongoing', 'PrepareCommit', 'PrepareAbort'])

/** In which states groups and transactions are. */
export const coordinatorMetrics = (registry: Registry, sources: CoordinatorSources): void => {
  const { groups, transactions, nowMs } = sources
  const groupCounts = new Counts(({ type, phase }: { type: string; phase: string }) => ({
    type,
    state: phase,
  }))
  gauge(
    registry,
    {
      name: 'odradek_groups',
      help: 'Consumer groups in memory by type and state: all that have members, and others that were used lately.',
      labels: ['type', 'state'],
    },
    () => groupCounts.of(groups()),
  )
  const transactionCounts = new Counts(({ phase }: { phase: string }) => ({ state: phase }))
  gauge(
    registry,
    {
      name: 'odradek_transactional_ids',
      help: 'Transactional ids in memory by the state of their transaction: all that are open, and others that were used lately.',
      labels: ['state'],
    },
    () => transactionCounts.of(transactions()),
  )
  gauge(
    registry,
    {
      name: 'odradek_transaction_oldest_seconds',
      help: 'How long the oldest transaction that is not over has been open; 0 when there is none.',
    },
    () => {
      let sinceMs = nowMs()
      for (const { phase, startedAtMs } of transactions())
        if (openPhases.has(phase) && startedAtMs >= 0) sinceMs = Math.min(sinceMs, startedAtMs)
      return (nowMs() - sinceMs) / 1000
    },
  )
}

/** Counts things by their labels. What was counted once is told as 0 from then on when there is none. */
class Counts<T> {
  readonly #labelsOf: (thing: T) => Record<string, string>
  /** As many as there are states. */
  readonly #seen = new Map<string, { labels: Record<string, string>; value: number }>()

  constructor(labelsOf: (thing: T) => Record<string, string>) {
    this.#labelsOf = labelsOf
  }

  of(things: Iterable<T>): Iterable<Reading> {
    for (const reading of this.#seen.values()) reading.value = 0
    for (const thing of things) {
      const labels = this.#labelsOf(thing)
      const key = Object.values(labels).join('/')
      const reading = this.#seen.get(key) ?? { labels, value: 0 }
      reading.value += 1
      this.#seen.set(key, reading)
    }
    return this.#seen.values()
  }
}
