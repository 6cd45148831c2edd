import type { Uuid } from '#model'
import type { Partitions } from '../assignors/assignors.ts'
import type { TimerName } from './events.ts'
import type { Member } from './member.ts'

/** A consumer group as the machine keeps it. Only `apply` changes it. */
export interface ModernGroup {
  readonly groupId: string
  /** Set when the group was handed to the classic machine, which goes on with it. */
  downgraded: boolean
  epoch: number
  targetEpoch: number
  /** When the target was computed; how long ago says whether it may be computed again (KIP-1263). */
  targetAtMs: number
  topicsDigest: string
  readonly members: Map<string, Member>
  readonly targets: Map<string, Partitions>
  /** What each pattern of a member matches. */
  readonly regexes: Map<string, readonly string[]>

  // What follows can be told from the above, or starts anew after a load.
  readonly memberIdByInstance: Map<string, string>
  /** Who holds a partition, be it only until it has given it up. */
  readonly holders: Map<Uuid, Map<number, string>>
  readonly timers: Map<string, ReadonlyMap<TimerName, number>>
  /** No timer ends before; one that was put off leaves it too early, never too late. */
  wakeAtMs: number
  topicsVersion: number
  regexesVersion: number
  regexesAtMs: number
}

/** A group that nobody has joined. */
export const newModernGroup = (groupId: string): ModernGroup => ({
  groupId,
  downgraded: false,
  epoch: 0,
  targetEpoch: 0,
  targetAtMs: 0,
  topicsDigest: '',
  members: new Map(),
  targets: new Map(),
  regexes: new Map(),
  memberIdByInstance: new Map(),
  holders: new Map(),
  timers: new Map(),
  wakeAtMs: Number.POSITIVE_INFINITY,
  topicsVersion: -1,
  regexesVersion: -1,
  regexesAtMs: Number.NEGATIVE_INFINITY,
})
