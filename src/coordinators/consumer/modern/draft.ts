import type { Uuid } from '#model'
import type { Partitions } from '../assignors/assignors.ts'
import type { ModernEvent, TimerName } from './events.ts'
import {
  holds,
  isEmpty,
  type Member,
  newStanding,
  type Subscription,
  samePartitions,
  standingOf,
  subscriptionOf,
} from './member.ts'
import type { ModernGroup } from './state.ts'
import type { TopicsImage } from './topics.ts'

/**
 * A decision in the making: the group as it will be after the events gathered so far. The group
 * itself stays as it is until the runtime applies them.
 */
export class Draft {
  readonly group: ModernGroup
  readonly events: ModernEvent[] = []
  readonly #members = new Map<string, Member | null>()
  #targets: Map<string, Partitions> | null = null
  #regexes: Map<string, readonly string[] | null> | null = null
  #wakeAtMs: number
  epoch: number
  targetEpoch: number
  targetAtMs: number
  topicsDigest: string
  topicsVersion: number
  regexesVersion: number
  regexesAtMs: number

  constructor(group: ModernGroup) {
    this.group = group
    this.#wakeAtMs = group.wakeAtMs
    this.epoch = group.epoch
    this.targetEpoch = group.targetEpoch
    this.targetAtMs = group.targetAtMs
    this.topicsDigest = group.topicsDigest
    this.topicsVersion = group.topicsVersion
    this.regexesVersion = group.regexesVersion
    this.regexesAtMs = group.regexesAtMs
  }

  member(memberId: string): Member | undefined {
    const changed = this.#members.get(memberId)
    if (changed !== undefined) return changed ?? undefined
    return this.group.members.get(memberId)
  }

  *members(): Generator<Member> {
    for (const member of this.group.members.values()) {
      const changed = this.#members.get(member.memberId)
      if (changed === undefined) yield member
      else if (changed !== null) yield changed
    }
    for (const [memberId, member] of this.#members)
      if (member !== null && !this.group.members.has(memberId)) yield member
  }

  memberCount(): number {
    let count = this.group.members.size
    for (const [memberId, member] of this.#members) {
      if (member === null && this.group.members.has(memberId)) count -= 1
      if (member !== null && !this.group.members.has(memberId)) count += 1
    }
    return count
  }

  /** The member that goes by a static name now. */
  memberByInstance(instanceId: string): Member | undefined {
    for (const member of this.#members.values())
      if (member?.instanceId === instanceId) return member
    const memberId = this.group.memberIdByInstance.get(instanceId)
    return memberId === undefined ? undefined : this.member(memberId)
  }

  /** Whether anyone but this member still holds the partition. */
  isHeldByOther(memberId: string, topicId: Uuid, partition: number): boolean {
    const holder = this.group.holders.get(topicId)?.get(partition)
    if (holder !== undefined && holder !== memberId) {
      const member = this.member(holder)
      if (member && holds(member, topicId, partition)) return true
    }
    for (const [otherId, member] of this.#members)
      if (otherId !== memberId && member && holds(member, topicId, partition)) return true
    return false
  }

  targetOf(memberId: string): Partitions {
    return this.#targets?.get(memberId) ?? this.group.targets.get(memberId) ?? {}
  }

  regex(pattern: string): readonly string[] | undefined {
    const changed = this.#regexes?.get(pattern)
    if (changed !== undefined) return changed ?? undefined
    return this.group.regexes.get(pattern)
  }

  /** The patterns that have been resolved. */
  patterns(): readonly string[] {
    const patterns = new Set(this.group.regexes.keys())
    for (const [pattern, topics] of this.#regexes ?? [])
      if (topics === null) patterns.delete(pattern)
      else patterns.add(pattern)
    return [...patterns]
  }

  /** Adds a member, or replaces it; writes only those rows that differ. */
  setMember(next: Member): void {
    const before = this.member(next.memberId)
    this.#members.set(next.memberId, next)
    if (!before || !sameSubscription(before, next))
      this.events.push({ kind: 'memberSubscribed', subscription: subscriptionOf(next) })
    if (!sameStanding(before ?? newStanding, next) || (!before && next.epoch !== 0))
      this.events.push({
        kind: 'memberAssigned',
        memberId: next.memberId,
        standing: standingOf(next),
      })
  }

  removeMember(memberId: string): void {
    this.#members.set(memberId, null)
    this.#targets?.delete(memberId)
    this.events.push({ kind: 'memberRemoved', memberId })
  }

  setEpoch(epoch: number, topicsDigest: string): void {
    if (epoch === this.epoch && topicsDigest === this.topicsDigest) return
    this.epoch = epoch
    this.topicsDigest = topicsDigest
    this.events.push({ kind: 'groupChanged', epoch, topicsDigest })
  }

  /** Sets the target of the group; `changed` has the members whose target differs. */
  setTarget(epoch: number, atMs: number, changed: ReadonlyMap<string, Partitions>): void {
    this.targetEpoch = epoch
    this.targetAtMs = atMs
    this.#targets = new Map([...(this.#targets ?? []), ...changed])
    this.events.push({
      kind: 'targetChanged',
      epoch,
      atMs,
      members: [...changed].map(([memberId, partitions]) => ({ memberId, partitions })),
    })
  }

  setRegex(pattern: string, topics: readonly string[] | null): void {
    this.#regexes = new Map(this.#regexes ?? []).set(pattern, topics)
    this.events.push(
      topics === null
        ? { kind: 'regexDropped', pattern }
        : { kind: 'regexResolved', pattern, topics },
    )
  }

  setTimer(memberId: string, timer: TimerName, atMs: number | null): void {
    if (atMs === null && !this.group.timers.get(memberId)?.has(timer)) return
    if (atMs !== null) this.#wakeAtMs = Math.min(this.#wakeAtMs, atMs)
    this.events.push({ kind: 'timerSet', memberId, timer, atMs })
  }

  timersPassed(nextMs: number | null): void {
    this.#wakeAtMs = nextMs ?? Number.POSITIVE_INFINITY
    this.events.push({ kind: 'timersPassed', nextMs })
  }

  topicsSeen(topics: TopicsImage): void {
    this.topicsVersion = topics.version
    this.#noteTopics()
  }

  regexesSeen(topics: TopicsImage, nowMs: number): void {
    this.regexesVersion = topics.version
    this.regexesAtMs = nowMs
    this.#noteTopics()
  }

  #noteTopics(): void {
    this.events.push({
      kind: 'topicsSeen',
      version: this.topicsVersion,
      regexesVersion: this.regexesVersion,
      regexesAtMs: this.regexesAtMs,
    })
  }

  /** When the machine wants to be woken, in ms; null when nothing is waited for. */
  get wakeAt(): number | null {
    return Number.isFinite(this.#wakeAtMs) ? this.#wakeAtMs : null
  }
}

const sameSubscription = (left: Subscription, right: Subscription): boolean =>
  left === right ||
  JSON.stringify(subscriptionOf(left as Member)) === JSON.stringify(subscriptionOf(right as Member))

const sameStanding = (left: Omit<Member, keyof Subscription>, right: Member): boolean =>
  left.state === right.state &&
  left.epoch === right.epoch &&
  left.previousEpoch === right.previousEpoch &&
  (left.assigned === right.assigned || samePartitions(left.assigned, right.assigned)) &&
  (left.revoking === right.revoking || samePartitions(left.revoking, right.revoking)) &&
  isEmpty(left.revoking) === isEmpty(right.revoking)
