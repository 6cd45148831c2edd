// What of a group is stored, as rows of tables; a group is rebuilt from them alone.
import type { Uuid } from '#model'
import { applyModern } from './apply.ts'
import {
  type Held,
  type Member,
  type MemberState,
  partitionsOf,
  type Subscription,
  subscriptionOf,
} from './member.ts'
import { type ModernGroup, newModernGroup } from './state.ts'

/** The row of a group; its key is the group id. */
export interface GroupRow {
  readonly groupId: string
  readonly epoch: number
  readonly targetEpoch: number
  readonly targetAtMs: number
  readonly topicsDigest: string
}

/** The row of a member; its key is group id and member id. */
export interface MemberRow extends Subscription {
  readonly state: MemberState
  readonly epoch: number
  readonly previousEpoch: number
}

/** A partition that a member holds. At most one member of a group holds it. */
export interface HeldRow {
  readonly memberId: string
  readonly topicId: Uuid
  readonly partition: number
  readonly epoch: number
  /** Whether the member still has to give it up. */
  readonly revoking: boolean
}

/** A partition that a member is meant to own. */
export interface TargetRow {
  readonly memberId: string
  readonly topicId: Uuid
  readonly partition: number
}

/** What a pattern matched when it was last looked at; a row for each pattern. */
export interface RegexRow {
  readonly pattern: string
  readonly topics: readonly string[]
}

/** All rows of one group. */
export interface ModernRows {
  readonly group: GroupRow
  readonly members: readonly MemberRow[]
  readonly held: readonly HeldRow[]
  readonly targets: readonly TargetRow[]
  readonly regexes: readonly RegexRow[]
}

/** The rows of a group, ordered by their keys. */
export const rowsOf = (group: ModernGroup): ModernRows => {
  const members = [...group.members.values()].sort(by(({ memberId }) => memberId))
  return {
    group: {
      groupId: group.groupId,
      epoch: group.epoch,
      targetEpoch: group.targetEpoch,
      targetAtMs: group.targetAtMs,
      topicsDigest: group.topicsDigest,
    },
    members: members.map(memberRow),
    held: members.flatMap((member) => [
      ...heldRows(member.memberId, member.assigned, false),
      ...heldRows(member.memberId, member.revoking, true),
    ]),
    targets: [...group.targets].sort(by(([memberId]) => memberId)).flatMap(([memberId, topics]) =>
      Object.entries(topics)
        .sort(by(([topicId]) => topicId))
        .flatMap(([topicId, partitions]) =>
          partitions.map((partition) => ({ memberId, topicId, partition })),
        ),
    ),
    regexes: [...group.regexes]
      .map(([pattern, topics]) => ({ pattern, topics }))
      .sort(by(({ pattern }) => pattern)),
  }
}

/** Rebuilds a group from its rows. Its timers are to be started by the command `load`. */
export const groupFromRows = (rows: ModernRows): ModernGroup => {
  const group = newModernGroup(rows.group.groupId)
  const { epoch, topicsDigest, targetEpoch, targetAtMs } = rows.group
  applyModern(group, { kind: 'groupChanged', epoch, topicsDigest })
  const held = Map.groupBy(rows.held, ({ memberId }) => memberId)
  for (const { state, epoch: memberEpoch, previousEpoch, ...subscription } of rows.members) {
    const { memberId } = subscription
    applyModern(group, { kind: 'memberSubscribed', subscription })
    const own = held.get(memberId) ?? []
    applyModern(group, {
      kind: 'memberAssigned',
      memberId,
      standing: {
        state,
        epoch: memberEpoch,
        previousEpoch,
        assigned: heldFrom(own.filter(({ revoking }) => !revoking)),
        revoking: heldFrom(own.filter(({ revoking }) => revoking)),
      },
    })
  }
  const targets = [...Map.groupBy(rows.targets, ({ memberId }) => memberId)]
  applyModern(group, {
    kind: 'targetChanged',
    epoch: targetEpoch,
    atMs: targetAtMs,
    members: targets.map(([memberId, own]) => ({
      memberId,
      partitions: Object.fromEntries(
        [...Map.groupBy(own, ({ topicId }) => topicId)].map(([topicId, each]) => [
          topicId,
          each.map(({ partition }) => partition),
        ]),
      ),
    })),
  })
  for (const { pattern, topics } of rows.regexes)
    applyModern(group, { kind: 'regexResolved', pattern, topics })
  return group
}

const memberRow = (member: Member): MemberRow => ({
  ...subscriptionOf(member),
  state: member.state,
  epoch: member.epoch,
  previousEpoch: member.previousEpoch,
})

const heldRows = (memberId: string, held: Held, revoking: boolean): HeldRow[] =>
  [...partitionsOf(held)]
    .map((each) => ({ memberId, ...each, revoking }))
    .sort(by(({ topicId, partition }) => `${topicId}/${String(partition).padStart(10, '0')}`))

const heldFrom = (rows: readonly HeldRow[]): Held => {
  const held: Record<Uuid, Record<number, number>> = {}
  for (const { topicId, partition, epoch } of rows)
    held[topicId] = { ...held[topicId], [partition]: epoch }
  return held
}

const by =
  <T>(keyOf: (item: T) => string) =>
  (left: T, right: T): number => {
    const [leftKey, rightKey] = [keyOf(left), keyOf(right)]
    return leftKey < rightKey ? -1 : leftKey > rightKey ? 1 : 0
  }
