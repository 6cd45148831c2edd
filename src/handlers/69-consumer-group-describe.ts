import type { DescribedMember, Partitions } from '#coordinators'
import { ConsumerGroupDescribe } from '#protocol'
import { perItemWithMessage } from '#server'
import { groupOperations } from './authorized-operations.ts'
import { type BrokerContext, handler } from './kit.ts'

/** Says of newer consumer groups who is in them, what each has and what each is to have (KIP-848). */
export const consumerGroupDescribe = handler(ConsumerGroupDescribe, async (request, context) => {
  const authorizedOperations = groupOperations(request.includeAuthorizedOperations)
  return {
    groups: await perItemWithMessage(
      request.groupIds,
      (groupId) => ({ groupId, authorizedOperations, ...unknown }),
      async (groupId) => {
        const group = await context.groups.describeConsumer(groupId)
        const { groupState, groupEpoch, assignmentEpoch, assignorName, members } = group
        return {
          errorCode: 0,
          errorMessage: null,
          groupState,
          groupEpoch,
          assignmentEpoch,
          assignorName,
          members: members.map((member) => describedMember(member, context)),
        }
      },
    ),
  }
})

/** What stands in the answer for a group that is refused. */
const unknown = {
  groupState: '',
  groupEpoch: 0,
  assignmentEpoch: 0,
  assignorName: '',
  members: [],
}

const describedMember = (member: DescribedMember, context: BrokerContext) => ({
  ...member,
  subscribedTopicNames: [...member.subscribedTopicNames],
  assignment: named(member.assignment, context),
  targetAssignment: named(member.targetAssignment, context),
})

/** A topic that was deleted while it was assigned has no name any more. */
const named = (assignment: Partitions, { catalog }: BrokerContext) => ({
  topicPartitions: Object.entries(assignment).flatMap(([topicId, partitions]) => {
    const topicName = catalog.identified(topicId)?.name
    return topicName === undefined ? [] : [{ topicId, topicName, partitions: [...partitions] }]
  }),
})
