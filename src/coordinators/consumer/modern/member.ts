import type { Uuid } from '#model'

/** Where a member stands on the way from what it owns to what it is meant to own (KIP-848). */
export type MemberState = 'STABLE' | 'UNREVOKED_PARTITIONS' | 'UNRELEASED_PARTITIONS'

/** The epochs that a member sends instead of its own, to join and to leave. */
export const SpecialEpoch = { join: 0, leave: -1, leaveStatic: -2 } as const

/** Partitions that a member holds, each with the epoch in which it was given to it (KIP-1251). */
export type Held = Readonly<Record<Uuid, Readonly<Record<number, number>>>>

/** One protocol of a classic member: the embedded subscription as it came, in base64. */
export interface ClassicProtocol {
  readonly name: string
  readonly metadata: string
}

/** What only a member has that speaks the classic protocol in this group. */
export interface ClassicSide {
  readonly sessionTimeoutMs: number
  readonly protocols: readonly ClassicProtocol[]
}

/** What a member says of itself. */
export interface Subscription {
  readonly memberId: string
  readonly instanceId: string | null
  readonly rackId: string | null
  readonly clientId: string
  readonly clientHost: string
  readonly rebalanceTimeoutMs: number
  /** Sorted, without repeats. */
  readonly topicNames: readonly string[]
  readonly topicRegex: string | null
  readonly serverAssignor: string | null
  readonly classic: ClassicSide | null
}

/** Where a member stands, and what it holds. */
export interface Standing {
  readonly state: MemberState
  /** -2 for a static member that is away. */
  readonly epoch: number
  readonly previousEpoch: number
  readonly assigned: Held
  /** Taken from it, but not yet given up by it: nobody else may have these. */
  readonly revoking: Held
}

/** A member of a group. Never changed, only replaced. */
export interface Member extends Subscription, Standing {}

/** The standing of a member that has nothing and has not been told an epoch. */
export const newStanding: Standing = {
  state: 'STABLE',
  epoch: 0,
  previousEpoch: -1,
  assigned: {},
  revoking: {},
}

/** Says whether a member holds the partition, be it only until it has given it up. */
export const holds = (member: Standing, topicId: Uuid, partition: number): boolean =>
  member.assigned[topicId]?.[partition] !== undefined ||
  member.revoking[topicId]?.[partition] !== undefined

/** Goes through the partitions of a set. */
export function* partitionsOf(
  held: Held,
): Generator<{ topicId: Uuid; partition: number; epoch: number }> {
  for (const [topicId, partitions] of Object.entries(held))
    for (const [partition, epoch] of Object.entries(partitions))
      yield { topicId, partition: Number(partition), epoch }
}

/** Says whether two sets have the same partitions, whatever their epochs. */
export const samePartitions = (left: Held, right: Held): boolean => {
  if (left === right) return true
  const has = (held: Held, other: Held): boolean => {
    for (const { topicId, partition } of partitionsOf(held))
      if (other[topicId]?.[partition] === undefined) return false
    return true
  }
  return has(left, right) && has(right, left)
}

/** Says whether there is no partition in the set. */
export const isEmpty = (held: Held): boolean => {
  for (const topicId in held) if (topicId) return false
  return true
}

/** The subscription alone, as it is stored. */
export const subscriptionOf = (member: Member): Subscription => ({
  memberId: member.memberId,
  instanceId: member.instanceId,
  rackId: member.rackId,
  clientId: member.clientId,
  clientHost: member.clientHost,
  rebalanceTimeoutMs: member.rebalanceTimeoutMs,
  topicNames: member.topicNames,
  topicRegex: member.topicRegex,
  serverAssignor: member.serverAssignor,
  classic: member.classic,
})

/** The standing alone, as it is stored. */
export const standingOf = (member: Member): Standing => ({
  state: member.state,
  epoch: member.epoch,
  previousEpoch: member.previousEpoch,
  assigned: member.assigned,
  revoking: member.revoking,
})
