import type { DescribedReply, GroupState } from './commands.ts'
import type { Draft } from './draft.ts'
import { numbersOf } from './heartbeat.ts'
import type { ModernGroup } from './state.ts'
import type { Surroundings } from './subscriptions.ts'
import { assignorNameOf } from './target.ts'

/** Describes a group as ConsumerGroupDescribe wants it. */
export const describe = (draft: Draft, { settings }: Surroundings): DescribedReply => ({
  kind: 'described',
  groupState: groupStateOf(draft.group),
  groupEpoch: draft.epoch,
  assignmentEpoch: draft.targetEpoch,
  assignorName: assignorNameOf(draft, settings.assignors),
  members: [...draft.members()].map((member) => ({
    memberId: member.memberId,
    instanceId: member.instanceId,
    rackId: member.rackId,
    memberEpoch: member.epoch,
    clientId: member.clientId,
    clientHost: member.clientHost,
    subscribedTopicNames: member.topicNames,
    subscribedTopicRegex: member.topicRegex,
    assignment: numbersOf(member.assigned),
    targetAssignment: draft.targetOf(member.memberId),
    memberType: member.classic === null ? 1 : 0,
  })),
})

/** The state of a group in the words of ListGroups. */
export const groupStateOf = (group: ModernGroup): GroupState => {
  if (group.members.size === 0) return 'Empty'
  if (group.epoch > group.targetEpoch) return 'Assigning'
  for (const { state, epoch } of group.members.values())
    if (state !== 'STABLE' || epoch !== group.targetEpoch) return 'Reconciling'
  return 'Stable'
}

/** Says whether any member subscribes to the topic, so that its offsets must stay (KIP-496). */
export const isSubscribedTo = (group: ModernGroup, topicName: string): boolean => {
  for (const { topicNames, topicRegex } of group.members.values()) {
    if (topicNames.includes(topicName)) return true
    if (topicRegex !== null && group.regexes.get(topicRegex)?.includes(topicName)) return true
  }
  return false
}
