import type {
  ClassicDeadline,
  ClassicGroupFacts,
  ClassicMemberFacts,
  ClassicWaits,
} from './state.ts'

/**
 * What changes a classic group. The kinds from `waitsSet` on change only memory: heartbeats and parked
 * answers write nothing, and after a restart every session starts anew.
 */
export type ClassicEvent =
  /** Writes the row of the group. */
  | { readonly kind: 'groupChanged'; readonly facts: ClassicGroupFacts }
  /** Writes the row of the member; one that is new has no assignment. */
  | { readonly kind: 'memberChanged'; readonly member: ClassicMemberFacts }
  /** Deletes the row of the member. */
  | { readonly kind: 'memberRemoved'; readonly memberId: string }
  /** Writes the assignments into the rows of these members. */
  | {
      readonly kind: 'assigned'
      readonly assignments: readonly {
        readonly memberId: string
        readonly assignment: Uint8Array
      }[]
    }
  /** Deletes all rows of the group. */
  | { readonly kind: 'groupRemoved' }
  | { readonly kind: 'waitsSet'; readonly memberId: string; readonly waits: ClassicWaits }
  | { readonly kind: 'sessionSet'; readonly memberId: string; readonly endMs: number }
  /** An id was given out; null when it is used or its time is over. */
  | { readonly kind: 'pendingSet'; readonly memberId: string; readonly endMs: number | null }
  | { readonly kind: 'deadlineSet'; readonly deadline: ClassicDeadline | null }
  /** The earliest timer after all were looked through; null when there is none. */
  | { readonly kind: 'timersPassed'; readonly nextMs: number | null }

/** The kinds that are in the store before anyone hears of them. */
export type StoredClassicEvent = Extract<
  ClassicEvent,
  { kind: 'groupChanged' | 'memberChanged' | 'memberRemoved' | 'assigned' | 'groupRemoved' }
>

const storedKinds: readonly string[] = [
  'groupChanged',
  'memberChanged',
  'memberRemoved',
  'assigned',
  'groupRemoved',
] satisfies readonly StoredClassicEvent['kind'][]

/** Says whether the event has to be in the store before anyone hears of it. */
export const isStoredClassic = (event: ClassicEvent): event is StoredClassicEvent =>
  storedKinds.includes(event.kind)
