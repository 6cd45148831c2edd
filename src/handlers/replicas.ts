import type { Topic } from '#metadata'
import { codeOf } from '#model'
import type { BrokerContext } from './kit.ts'

/** What Metadata and DescribeTopicPartitions both say of a partition. */
export const replicas = (
  topic: Topic,
  partition: number,
  { catalog, logs }: Pick<BrokerContext, 'catalog' | 'logs'>,
) => {
  const offline = logs.bounds({ topicId: topic.id, partition })?.offline
  const here = [catalog.nodeId]
  return {
    errorCode: offline ? codeOf(offline) : 0,
    leaderId: catalog.nodeId,
    leaderEpoch: topic.leaderEpoch,
    replicaNodes: here,
    isrNodes: here,
    offlineReplicas: offline ? here : [],
  }
}
