import type { ModernEvent, TimerName } from './events.ts'
import {
  type Member,
  newStanding,
  partitionsOf,
  type Standing,
  type Subscription,
} from './member.ts'
import type { ModernGroup } from './state.ts'

/** Changes the group by one event: the live path and the load from the store share it. */
export const applyModern = (group: ModernGroup, event: ModernEvent): void => {
  switch (event.kind) {
    case 'groupChanged':
      group.epoch = event.epoch
      group.topicsDigest = event.topicsDigest
      return
    case 'memberSubscribed':
      subscribe(group, event.subscription)
      return
    case 'memberAssigned':
      assign(group, event.memberId, event.standing)
      return
    case 'memberRemoved':
      remove(group, event.memberId)
      return
    case 'targetChanged':
      group.targetEpoch = event.epoch
      group.targetAtMs = event.atMs
      for (const { memberId, partitions } of event.members) group.targets.set(memberId, partitions)
      return
    case 'regexResolved':
      group.regexes.set(event.pattern, event.topics)
      return
    case 'regexDropped':
      group.regexes.delete(event.pattern)
      return
    case 'groupRemoved':
      empty(group)
      return
    case 'groupDowngraded':
      empty(group)
      group.downgraded = true
      return
    case 'timerSet':
      setTimer(group, event.memberId, event.timer, event.atMs)
      return
    case 'timersPassed':
      group.wakeAtMs = event.nextMs ?? Number.POSITIVE_INFINITY
      return
    case 'topicsSeen':
      group.topicsVersion = event.version
      group.regexesVersion = event.regexesVersion
      group.regexesAtMs = event.regexesAtMs
  }
}

const subscribe = (group: ModernGroup, subscription: Subscription): void => {
  const before = group.members.get(subscription.memberId) ?? newStanding
  group.members.set(subscription.memberId, { ...before, ...subscription } as Member)
  if (subscription.instanceId !== null)
    group.memberIdByInstance.set(subscription.instanceId, subscription.memberId)
}

const assign = (group: ModernGroup, memberId: string, standing: Standing): void => {
  const member = group.members.get(memberId)
  if (!member) return
  release(group, member)
  group.members.set(memberId, { ...member, ...standing })
  for (const held of [standing.assigned, standing.revoking])
    for (const { topicId, partition } of partitionsOf(held)) {
      const holders = group.holders.get(topicId)
      if (holders) holders.set(partition, memberId)
      else group.holders.set(topicId, new Map([[partition, memberId]]))
    }
}

const release = (group: ModernGroup, member: Member): void => {
  for (const held of [member.assigned, member.revoking])
    for (const { topicId, partition } of partitionsOf(held)) {
      const holders = group.holders.get(topicId)
      if (holders?.get(partition) !== member.memberId) continue
      holders.delete(partition)
      if (holders.size === 0) group.holders.delete(topicId)
    }
}

const remove = (group: ModernGroup, memberId: string): void => {
  const member = group.members.get(memberId)
  if (!member) return
  release(group, member)
  group.members.delete(memberId)
  group.targets.delete(memberId)
  group.timers.delete(memberId)
  if (member.instanceId !== null && group.memberIdByInstance.get(member.instanceId) === memberId)
    group.memberIdByInstance.delete(member.instanceId)
}

const empty = (group: ModernGroup): void => {
  for (const memberId of [...group.members.keys()]) remove(group, memberId)
  group.regexes.clear()
  group.epoch = 0
  group.targetEpoch = 0
  group.targetAtMs = 0
  group.topicsDigest = ''
  group.topicsVersion = -1
}

const setTimer = (
  group: ModernGroup,
  memberId: string,
  timer: TimerName,
  atMs: number | null,
): void => {
  if (!group.members.has(memberId)) return
  const timers = new Map(group.timers.get(memberId))
  if (atMs === null) timers.delete(timer)
  else {
    timers.set(timer, atMs)
    group.wakeAtMs = Math.min(group.wakeAtMs, atMs)
  }
  group.timers.set(memberId, timers)
}
