import type { ErrorName } from '#model'
import type { SeededRandom } from '#testing'
import type { Network } from './network.ts'
import type { Topics } from './topics.ts'

/** A partition by `topicId/partition`. */
export type PartitionName = string

/** What clients of both protocols need. */
export interface ClientOptions {
  readonly name: string
  readonly instanceId: string | null
  readonly subscribed: readonly string[]
  readonly network: Network
  readonly topics: Topics
  readonly random: SeededRandom
  /** Called when it owns other partitions, or knows another epoch. */
  readonly changed: (client: Client) => void
}

/** A member as its application sees it. */
export interface Client {
  readonly name: string
  readonly instanceId: string | null
  readonly subscribed: readonly string[]
  /** What it takes records from. */
  readonly owned: ReadonlySet<PartitionName>
  /** The member epoch or generation that it was told last, 0 when it was told none. */
  readonly epoch: number
  /** Whether it is about to end: it was told to, or another one took its static name. */
  readonly isEnding: boolean
  /** For a while it neither sends nor hears anything, and goes on with what it owns. */
  isFrozen: boolean
  /** Ends with the next thing that it hears; one that leaves says so. */
  stop(how: 'leave' | 'crash'): void
  /** Settles when it has ended. */
  readonly ended: Promise<void>
}

/** Errors of a coordinator that is not there, or not yet. */
export const isPassing = (error: ErrorName): boolean =>
  error === 'COORDINATOR_NOT_AVAILABLE' ||
  error === 'COORDINATOR_LOAD_IN_PROGRESS' ||
  error === 'NOT_COORDINATOR'
