import type { ErrorName } from '#model'
import type { Settled } from '../../machine.ts'
import type { ClassicReply } from './commands.ts'
import type { ClassicEvent } from './events.ts'
import {
  type ClassicDeadline,
  type ClassicGroupFacts,
  type ClassicMember,
  type ClassicMemberFacts,
  type ClassicState,
  type ClassicWaits,
  noWaits,
} from './state.ts'

/**
 * A decision in the making: the group as it will be after the events gathered so far. The group
 * itself stays as it is until the runtime applies them.
 */
export class ClassicDraft {
  readonly state: ClassicState
  readonly events: ClassicEvent[] = []
  readonly settled: Settled<ClassicReply>[] = []
  readonly #members = new Map<string, ClassicMember | null>()
  readonly #pending = new Map<string, number | null>()
  #wakeAtMs: number
  facts: ClassicGroupFacts
  deadline: ClassicDeadline | null
  memberCount: number
  /** How many JoinGroups are parked. */
  joinedCount: number
  /** How many members have not asked for their assignment yet. */
  owedCount: number
  pendingCount: number

  constructor(state: ClassicState) {
    this.state = state
    this.facts = state.facts
    this.deadline = state.deadline
    this.memberCount = state.members.size
    this.joinedCount = state.joinedCount
    this.owedCount = state.owedCount
    this.pendingCount = state.pending.size
    this.#wakeAtMs = state.wakeAtMs
  }

  member(memberId: string): ClassicMember | undefined {
    const changed = this.#members.get(memberId)
    return changed === undefined ? this.state.members.get(memberId) : (changed ?? undefined)
  }

  /** The members in the order in which they came. */
  *members(): Generator<ClassicMember> {
    for (const member of this.state.members.values()) {
      const changed = this.#members.get(member.memberId)
      if (changed === undefined) yield member
      else if (changed !== null) yield changed
    }
    for (const [memberId, member] of this.#members)
      if (member !== null && !this.state.members.has(memberId)) yield member
  }

  /** The member that goes by a static name now. */
  memberByInstance(instanceId: string): ClassicMember | undefined {
    for (const member of this.#members.values())
      if (member?.instanceId === instanceId) return member
    const memberId = this.state.memberIdByInstance.get(instanceId)
    return memberId === undefined ? undefined : this.member(memberId)
  }

  setFacts(change: Partial<ClassicGroupFacts>): void {
    this.facts = { ...this.facts, ...change }
    this.events.push({ kind: 'groupChanged', facts: this.facts })
  }

  /** Adds a member, or changes what it says of itself. */
  setMember(facts: ClassicMemberFacts): void {
    const before = this.member(facts.memberId)
    if (before && sameFacts(before, facts)) return
    this.#note({ ...(before ?? { assignment: new Uint8Array(0), waits: noWaits }), ...facts })
    this.events.push({ kind: 'memberChanged', member: facts })
  }

  removeMember(memberId: string): void {
    const member = this.member(memberId)
    if (!member) return
    this.memberCount -= 1
    this.#countWaits(member, -1)
    this.#members.set(memberId, null)
    this.events.push({ kind: 'memberRemoved', memberId })
  }

  setWaits(memberId: string, change: Partial<ClassicWaits>): void {
    const member = this.member(memberId)!
    const waits = { ...member.waits, ...change }
    this.#note({ ...member, waits })
    this.events.push({ kind: 'waitsSet', memberId, waits })
  }

  assign(assignments: readonly { memberId: string; assignment: Uint8Array }[]): void {
    for (const { memberId, assignment } of assignments)
      this.#members.set(memberId, { ...this.member(memberId)!, assignment })
    if (assignments.length > 0) this.events.push({ kind: 'assigned', assignments })
  }

  setSession(memberId: string, endMs: number): void {
    this.#wakeAtMs = Math.min(this.#wakeAtMs, endMs)
    this.events.push({ kind: 'sessionSet', memberId, endMs })
  }

  isPending(memberId: string): boolean {
    const changed = this.#pending.get(memberId)
    return changed === undefined ? this.state.pending.has(memberId) : changed !== null
  }

  setPending(memberId: string, endMs: number | null): void {
    this.pendingCount += Number(endMs !== null) - Number(this.isPending(memberId))
    this.#pending.set(memberId, endMs)
    if (endMs !== null) this.#wakeAtMs = Math.min(this.#wakeAtMs, endMs)
    this.events.push({ kind: 'pendingSet', memberId, endMs })
  }

  setDeadline(deadline: ClassicDeadline | null): void {
    if (deadline === this.deadline) return
    this.deadline = deadline
    if (deadline) this.#wakeAtMs = Math.min(this.#wakeAtMs, deadline.endMs)
    this.events.push({ kind: 'deadlineSet', deadline })
  }

  timersPassed(nextMs: number | null): void {
    this.#wakeAtMs = nextMs ?? Number.POSITIVE_INFINITY
    this.events.push({ kind: 'timersPassed', nextMs })
  }

  /** Answers the parked JoinGroup of a member, if there is one. */
  answerJoin(memberId: string, reply: ClassicReply): void {
    const ticket = this.member(memberId)?.waits.join ?? null
    if (ticket === null) return
    this.settled.push({ ticket, reply })
    this.setWaits(memberId, { join: null })
  }

  /** Answers the parked SyncGroup of a member, if there is one. */
  answerSync(memberId: string, reply: ClassicReply): void {
    const ticket = this.member(memberId)?.waits.sync ?? null
    if (ticket === null) return
    this.settled.push({ ticket, reply })
    this.setWaits(memberId, { sync: null })
  }

  /** Refuses whatever is parked of a member. */
  refuseParked(memberId: string, error: ErrorName, message: string): void {
    this.answerJoin(memberId, { kind: 'refused', error, message })
    this.answerSync(memberId, { kind: 'refused', error, message })
  }

  /** When the machine wants to be woken, in ms; null when nothing is waited for. */
  get wakeAt(): number | null {
    return Number.isFinite(this.#wakeAtMs) ? this.#wakeAtMs : null
  }

  #note(member: ClassicMember): void {
    const before = this.member(member.memberId)
    this.memberCount += Number(before === undefined)
    if (before) this.#countWaits(before, -1)
    this.#countWaits(member, 1)
    this.#members.set(member.memberId, member)
  }

  #countWaits({ waits }: ClassicMember, by: 1 | -1): void {
    if (waits.join !== null) this.joinedCount += by
    if (waits.owesSync) this.owedCount += by
  }
}

const sameFacts = (left: ClassicMemberFacts, right: ClassicMemberFacts): boolean =>
  left.instanceId === right.instanceId &&
  left.clientId === right.clientId &&
  left.clientHost === right.clientHost &&
  left.sessionTimeoutMs === right.sessionTimeoutMs &&
  left.rebalanceTimeoutMs === right.rebalanceTimeoutMs &&
  sameProtocols(left, right)

/** Says whether two offers are the same, byte for byte. */
export const sameProtocols = (
  left: Pick<ClassicMemberFacts, 'protocols'>,
  right: Pick<ClassicMemberFacts, 'protocols'>,
): boolean =>
  left.protocols.length === right.protocols.length &&
  left.protocols.every(({ name, metadata }, index) => {
    const other = right.protocols[index]!
    return name === other.name && sameBytes(metadata, other.metadata)
  })

const sameBytes = (left: Uint8Array, right: Uint8Array): boolean =>
  left.length === right.length && left.every((byte, index) => byte === right[index])
