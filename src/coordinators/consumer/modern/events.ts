import type { Partitions } from '../assignors/assignors.ts'
import type { ClassicGroup } from './classic-group.ts'
import type { Standing, Subscription } from './member.ts'

/** What the coordinator waits for from a member before it is put out of the group. */
export type TimerName = 'session' | 'rebalance' | 'join' | 'sync'

/**
 * What changes a group. Each names the row or rows that it writes (see `rows.ts`); the kinds at
 * the end, from `timerSet` on, change only memory, and are not stored.
 */
export type ModernEvent =
  /** Writes the row of the group. */
  | { readonly kind: 'groupChanged'; readonly epoch: number; readonly topicsDigest: string }
  /** Writes the row of the member. */
  | { readonly kind: 'memberSubscribed'; readonly subscription: Subscription }
  /** Replaces the rows of what the member holds, and writes its epochs and state. */
  | { readonly kind: 'memberAssigned'; readonly memberId: string; readonly standing: Standing }
  /** Deletes all rows of the member. */
  | { readonly kind: 'memberRemoved'; readonly memberId: string }
  /** Replaces the target rows of these members, and writes the target epoch of the group. */
  | {
      readonly kind: 'targetChanged'
      readonly epoch: number
      readonly atMs: number
      readonly members: readonly { readonly memberId: string; readonly partitions: Partitions }[]
    }
  /** Replaces the rows of what a pattern matches. */
  | { readonly kind: 'regexResolved'; readonly pattern: string; readonly topics: readonly string[] }
  /** Deletes them. */
  | { readonly kind: 'regexDropped'; readonly pattern: string }
  /** Deletes all rows of the group. */
  | { readonly kind: 'groupRemoved' }
  /** Deletes all rows of the group; the classic machine goes on with what is handed over. */
  | { readonly kind: 'groupDowngraded'; readonly classic: ClassicGroup }
  | {
      readonly kind: 'timerSet'
      readonly memberId: string
      readonly timer: TimerName
      readonly atMs: number | null
    }
  /** The earliest timer after all were looked through; null when there is none. */
  | { readonly kind: 'timersPassed'; readonly nextMs: number | null }
  | {
      readonly kind: 'topicsSeen'
      readonly version: number
      readonly regexesVersion: number
      readonly regexesAtMs: number
    }

/** The kinds that are in the store before anyone hears of them. */
export type StoredModernEvent = Exclude<
  ModernEvent,
  { kind: 'timerSet' | 'timersPassed' | 'topicsSeen' }
>

/** Says whether the event has to be in the store before anyone hears of it. */
export const isStored = (event: ModernEvent): event is StoredModernEvent =>
  event.kind !== 'timerSet' && event.kind !== 'timersPassed' && event.kind !== 'topicsSeen'
