import type { Uuid } from '#model'
import type { Partitions } from '../assignors/assignors.ts'
import type { Draft } from './draft.ts'
import { type Held, isEmpty, type Member, partitionsOf, samePartitions } from './member.ts'

/** The partitions that a member says it owns; null when it says nothing of them. */
export type Owned = readonly {
  readonly topicId: Uuid
  readonly partitions: readonly number[]
}[]

/**
 * Takes a member one step on from what it holds towards its target (KIP-848):
 *
 *     STABLE ── must give up ──▶ UNREVOKED_PARTITIONS ── has given up ──┐
 *       ▲                                                              │
 *       └── all are free ── UNRELEASED_PARTITIONS ◀── others hold some ─┘
 *
 * It keeps its epoch as long as it owns what it must give up, and gets nothing new until then. A
 * partition that another member holds, or has not given up, is held back.
 */
export const reconcile = (
  draft: Draft,
  member: Member,
  owned: Owned | null,
  subscribedIds: ReadonlySet<Uuid>,
): Member => {
  const target = draft.targetOf(member.memberId)
  const fits = (topicId: Uuid): boolean => subscribedIds.has(topicId)
  if (member.state === 'STABLE' && member.epoch === draft.targetEpoch)
    return Object.keys(member.assigned).every(fits) ? member : shrink(member, owned, fits)
  if (member.state === 'UNREVOKED_PARTITIONS' && ownsAny(owned, member.revoking))
    return Object.keys(member.assigned).every(fits) ? member : shrink(member, owned, fits)
  const next = approach(draft, member, target, owned, fits)
  // An answer that was lost is asked for again with the epoch before; writing nothing keeps it valid.
  return stands(member, next) ? member : { ...next, previousEpoch: member.epoch }
}

const stands = (before: Member, after: Member): boolean =>
  before.state === after.state &&
  before.epoch === after.epoch &&
  samePartitions(before.assigned, after.assigned) &&
  samePartitions(before.revoking, after.revoking)

/** Takes from a member what it no longer subscribes to, before the next target says so. */
const shrink = (member: Member, owned: Owned | null, fits: (topicId: Uuid) => boolean): Member => {
  const kept: Record<Uuid, Readonly<Record<number, number>>> = {}
  const revoking: Record<Uuid, Readonly<Record<number, number>>> = { ...member.revoking }
  for (const [topicId, partitions] of Object.entries(member.assigned))
    if (fits(topicId)) kept[topicId] = partitions
    else revoking[topicId] = { ...revoking[topicId], ...partitions }
  const previousEpoch = member.epoch
  if (!ownsAny(owned, revoking)) return { ...member, previousEpoch, assigned: kept }
  return { ...member, previousEpoch, state: 'UNREVOKED_PARTITIONS', assigned: kept, revoking }
}

const approach = (
  draft: Draft,
  member: Member,
  target: Partitions,
  owned: Owned | null,
  fits: (topicId: Uuid) => boolean,
): Member => {
  const { memberId } = member
  const assigned: Record<Uuid, Record<number, number>> = {}
  const revoking: Record<Uuid, Record<number, number>> = {}
  const wanted = new Map<Uuid, Set<number>>()
  for (const [topicId, partitions] of Object.entries(target))
    if (fits(topicId)) wanted.set(topicId, new Set(partitions))
  for (const { topicId, partition, epoch } of partitionsOf(member.assigned)) {
    const into = wanted.get(topicId)?.delete(partition) ? assigned : revoking
    into[topicId] ??= {}
    into[topicId][partition] = epoch
  }

  if (!isEmpty(revoking) && ownsAny(owned, revoking))
    return { ...member, state: 'UNREVOKED_PARTITIONS', assigned, revoking }

  let heldBack = false
  for (const [topicId, partitions] of wanted)
    for (const partition of partitions)
      if (draft.isHeldByOther(memberId, topicId, partition)) heldBack = true
      else {
        assigned[topicId] ??= {}
        assigned[topicId][partition] = draft.targetEpoch
      }
  return {
    ...member,
    state: heldBack ? 'UNRELEASED_PARTITIONS' : 'STABLE',
    assigned,
    revoking: {},
    epoch: draft.targetEpoch,
  }
}

/** A member that says nothing of what it owns may still own it. */
const ownsAny = (owned: Owned | null, partitions: Held): boolean => {
  if (owned === null) return !isEmpty(partitions)
  return owned.some(({ topicId, partitions: numbers }) =>
    numbers.some((partition) => partitions[topicId]?.[partition] !== undefined),
  )
}
