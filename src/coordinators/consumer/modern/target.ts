import { type AssignorMember, assignorNamed, type Partitions } from '../assignors/assignors.ts'
import type { Draft } from './draft.ts'
import { type Surroundings, sameTexts, topicIdsOf } from './subscriptions.ts'

/**
 * Computes a new target assignment when the group's epoch is ahead of the target's, at most once in
 * `assignment.interval.ms` (KIP-1263); until then members go on towards the old one.
 */
export const updateTarget = (draft: Draft, around: Surroundings, nowMs: number): void => {
  if (draft.targetEpoch === draft.epoch) return
  const elapsedMs = nowMs - draft.targetAtMs
  const tooEarly = elapsedMs >= 0 && elapsedMs < around.settings.assignmentIntervalMs
  if (draft.targetEpoch > 0 && tooEarly) return

  const topicIdsBySubscription = new Map<string, string[]>()
  const members: AssignorMember[] = []
  for (const member of draft.members()) {
    const key = JSON.stringify([member.topicNames, member.topicRegex])
    let topicIds = topicIdsBySubscription.get(key)
    if (!topicIds) {
      topicIds = topicIdsOf(draft, member, around.topics)
      topicIdsBySubscription.set(key, topicIds)
    }
    const { memberId, instanceId } = member
    members.push({ memberId, instanceId, topicIds, previous: draft.targetOf(memberId) })
  }

  const assignor = assignorNamed(assignorNameOf(draft, around.settings.assignors))
  const assignment = assignor!(members, (id) => around.topics.byId(id)?.partitionCount ?? 0)
  const changed = new Map<string, Partitions>()
  for (const { memberId, previous } of members) {
    const next = assignment.get(memberId)!
    if (!sameTargets(previous, next)) changed.set(memberId, next)
  }
  draft.setTarget(draft.epoch, nowMs, changed)
}

/** The assignor that most members ask for; the first of the settings when none does. */
export const assignorNameOf = (draft: Draft, known: readonly string[]): string => {
  const votes = new Map<string, number>()
  for (const { serverAssignor } of draft.members())
    if (serverAssignor !== null && known.includes(serverAssignor))
      votes.set(serverAssignor, (votes.get(serverAssignor) ?? 0) + 1)
  let best = known[0] ?? 'uniform'
  for (const name of known) if ((votes.get(name) ?? 0) > (votes.get(best) ?? 0)) best = name
  return best
}

const sameTargets = (left: Partitions, right: Partitions): boolean => {
  const topicIds = Object.keys(left)
  return (
    topicIds.length === Object.keys(right).length &&
    topicIds.every(
      (id) => right[id] !== undefined && sameTexts(left[id]!.map(String), right[id]!.map(String)),
    )
  )
}
