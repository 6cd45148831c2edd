import type { Topic } from '#metadata'
import { type ErrorName, KafkaError, kafkaError, zeroUuid } from '#model'
import { Metadata, type RequestOf } from '#protocol'
import { answerOf } from '#server'
import { clusterOperations, topicOperations } from './authorized-operations.ts'
import { type BrokerContext, handler } from './kit.ts'
import { replicas } from './replicas.ts'

type Asked = NonNullable<RequestOf<typeof Metadata>['topics']>[number]

/** Who the brokers are and which partitions a topic has; makes missing topics where both sides allow it. */
export const metadata = handler(Metadata, async (request, context, { version }) => {
  const { catalog, advertised, settings } = context
  const everything = request.topics === null || (version === 0 && request.topics.length === 0)
  const withOperations = request.includeTopicAuthorizedOperations
  return {
    brokers: [{ nodeId: catalog.nodeId, ...advertised, rack: settings['broker.rack'] }],
    clusterId: catalog.clusterId,
    controllerId: catalog.nodeId,
    topics: everything
      ? [...catalog.all()].map((topic) => described(topic, context, withOperations))
      : await Promise.all(
          (request.topics ?? []).map((asked) =>
            answerFor(asked, request.allowAutoTopicCreation, withOperations, context),
          ),
        ),
    clusterAuthorizedOperations: clusterOperations(request.includeClusterAuthorizedOperations),
  }
})

const answerFor = async (
  asked: Asked,
  mayCreate: boolean,
  withOperations: boolean,
  context: BrokerContext,
) => {
  try {
    return described(await find(asked, mayCreate, context), context, withOperations)
  } catch (error) {
    const { errorCode } = answerOf(error)
    return { errorCode, name: asked.name, topicId: asked.topicId, partitions: [] }
  }
}

const find = async (
  { name, topicId }: Asked,
  mayCreate: boolean,
  { catalog, settings }: BrokerContext,
): Promise<Topic> => {
  if (topicId !== zeroUuid) {
    const topic = catalog.identified(topicId)
    if (!topic) throw kafkaError('UNKNOWN_TOPIC_ID')
    return topic
  }
  if (name === null) throw kafkaError('INVALID_REQUEST')
  const topic = catalog.named(name)
  if (topic) return topic
  if (!mayCreate || !settings['auto.create.topics.enable']) {
    throw kafkaError('UNKNOWN_TOPIC_OR_PARTITION')
  }
  return catalog.ensure(name).catch(asMetadataError)
}

/** Auto-creation that fails for its parameters is the broker's fault, not the client's (KIP-4). */
const asMetadataError = (error: unknown): never => {
  const passed: readonly ErrorName[] = ['INVALID_TOPIC_EXCEPTION', 'POLICY_VIOLATION']
  if (error instanceof KafkaError && !passed.includes(error.errorName))
    throw kafkaError('UNKNOWN_TOPIC_OR_PARTITION')
  throw error
}

const described = (topic: Topic, context: BrokerContext, withOperations: boolean) => ({
  name: topic.name,
  topicId: topic.id,
  partitions: Array.from({ length: topic.partitionCount }, (_, partitionIndex) => ({
    partitionIndex,
    ...replicas(topic, partitionIndex, context),
  })),
  topicAuthorizedOperations: topicOperations(withOperations),
})
