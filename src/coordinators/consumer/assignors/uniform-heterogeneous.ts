import type { Uuid } from '#model'
import { type AssignorMember, Dealing, type Partitions } from './assignor.ts'
import { balancingRoundsMax } from './limits.ts'

/**
 * Deals to members of different subscriptions: all keep what they have, what is free goes to the
 * subscriber with the least, and then partitions move one by one from those with more to those with
 * less. Each move lessens the sum of the squares of the loads, so that the moving ends.
 */
export const dealByNeed = (
  members: readonly AssignorMember[],
  subscribers: ReadonlyMap<Uuid, readonly AssignorMember[]>,
  partitionCountOf: (topicId: Uuid) => number,
): ReadonlyMap<string, Partitions> => {
  const loads = new Map(members.map(({ memberId }) => [memberId, 0]))
  const add = (memberId: string, count: number): void => {
    loads.set(memberId, loads.get(memberId)! + count)
  }

  // Topics with few subscribers first: the others can still make up for them.
  const topics = [...subscribers]
    .sort(([, left], [, right]) => left.length - right.length)
    .map(([topicId, each]) => ({
      topicId,
      memberIds: each.map(({ memberId }) => memberId),
      owners: ownersBefore(topicId, each, partitionCountOf(topicId)),
    }))
  for (const { owners } of topics) for (const owner of owners) if (owner !== null) add(owner, 1)

  for (const { owners, memberIds } of topics)
    for (const [partition, owner] of owners.entries())
      if (owner === null) {
        const least = leastLoaded(memberIds, loads)
        owners[partition] = least
        add(least, 1)
      }

  for (let round = 0; round < balancingRoundsMax; round += 1) {
    const moved = topics.filter(({ owners, memberIds }) => balance(owners, memberIds, loads))
    if (moved.length === 0) break
  }

  const dealing = new Dealing(members)
  for (const { topicId, owners } of topics)
    for (const [partition, owner] of owners.entries()) dealing.give(owner!, topicId, partition)
  return dealing.result()
}

const ownersBefore = (
  topicId: Uuid,
  subscribers: readonly AssignorMember[],
  partitionCount: number,
): (string | null)[] => {
  const owners: (string | null)[] = new Array(partitionCount).fill(null)
  for (const { memberId, previous } of subscribers)
    for (const partition of previous[topicId] ?? [])
      if (partition < partitionCount) owners[partition] ??= memberId
  return owners
}

const leastLoaded = (memberIds: readonly string[], loads: ReadonlyMap<string, number>): string => {
  let least = memberIds[0]!
  for (const memberId of memberIds) if (loads.get(memberId)! < loads.get(least)!) least = memberId
  return least
}

/** Evens out one topic among its subscribers; says whether anything moved. */
const balance = (
  owners: (string | null)[],
  memberIds: readonly string[],
  loads: Map<string, number>,
): boolean => {
  let moved = false
  const heaviestFirst = [...owners.keys()].sort(
    (left, right) => loads.get(owners[right]!)! - loads.get(owners[left]!)! || right - left,
  )
  for (const partition of heaviestFirst) {
    const owner = owners[partition]!
    const least = leastLoaded(memberIds, loads)
    if (loads.get(owner)! - loads.get(least)! < 2) continue
    owners[partition] = least
    loads.set(owner, loads.get(owner)! - 1)
    loads.set(least, loads.get(least)! + 1)
    moved = true
  }
  return moved
}
