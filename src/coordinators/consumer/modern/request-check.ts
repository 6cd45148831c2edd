import { kafkaError } from '#model'
import type { HeartbeatCommand } from './commands.ts'
import { SpecialEpoch } from './member.ts'

/**
 * Refuses a heartbeat whose fields contradict each other, in Kafka's order and before the group is
 * looked at: INVALID_REQUEST or UNSUPPORTED_ASSIGNOR.
 */
export const checkHeartbeat = ({ request, version, settings }: HeartbeatCommand): void => {
  const { memberEpoch, serverAssignor } = request
  const isMember = version >= 1 || memberEpoch !== SpecialEpoch.join
  refuseBlank(isMember ? request.memberId : null, 'MemberId')
  refuseBlank(request.groupId, 'GroupId')
  refuseBlank(request.instanceId, 'InstanceId')
  refuseBlank(request.rackId, 'RackId')
  if (memberEpoch === SpecialEpoch.join) {
    if (request.rebalanceTimeoutMs === -1)
      throw invalid('RebalanceTimeoutMs must be provided by a member that joins.')
    if (request.topicPartitions === null || request.topicPartitions.length > 0)
      throw invalid('TopicPartitions must be empty, and not null, when a member joins.')
    if (request.subscribedTopicNames === null && (request.subscribedTopicRegex ?? null) === null)
      throw invalid(
        'SubscribedTopicNames or SubscribedTopicRegex must be given by a member that joins.',
      )
  } else if (memberEpoch === SpecialEpoch.leaveStatic) {
    if (request.instanceId === null) throw invalid("InstanceId can't be null.")
  } else if (memberEpoch < SpecialEpoch.leaveStatic) {
    throw invalid(`MemberEpoch ${memberEpoch} is invalid.`)
  }
  if (serverAssignor !== null && !settings.assignors.includes(serverAssignor))
    throw kafkaError(
      'UNSUPPORTED_ASSIGNOR',
      `ServerAssignor ${serverAssignor} is not supported, only: ${settings.assignors.join(', ')}.`,
    )
}

const refuseBlank = (text: string | null, name: string): void => {
  if (text !== null && text.trim() === '') throw invalid(`${name} can't be empty.`)
}

const invalid = (sentence: string): Error => kafkaError('INVALID_REQUEST', sentence)
