import type { Topic } from '#metadata'
import { codeOf, type ErrorName, KafkaError, zeroUuid } from '#model'
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

/** At once but for a topic that has to be made: many names that nobody knows must not cost much. */
const answerFor = (
  asked: Asked,
  mayCreate: boolean,
  withOperations: boolean,
  context: BrokerContext,
) => {
  const { catalog, settings } = context
  const { name, topicId } = asked
  const topic =
    topicId === zeroUuid ? name !== null && catalog.named(name) : catalog.identified(topicId)
  if (topic) return described(topic, context, withOperations)
  if (topicId !== zeroUuid) return refused(asked, 'UNKNOWN_TOPIC_ID')
  if (name === null) return refused(asked, 'INVALID_REQUEST')
  if (!mayCreate || !settings['auto.create.topics.enable'])
    return refused(asked, 'UNKNOWN_TOPIC_OR_PARTITION')
  return catalog.ensure(name).then(
    (made) => described(made, context, withOperations),
    (error: unknown) => ({ ...asked, errorCode: creationErrorCode(error), partitions: [] }),
  )
}

const refused = ({ name, topicId }: Asked, errorName: ErrorName) => ({
  errorCode: codeOf(errorName),
  name,
  topicId,
  partitions: [],
})

/** Auto-creation that fails for its parameters is the broker's fault, not the client's (KIP-4). */
const creationErrorCode = (error: unknown): number => {
  const passed: readonly ErrorName[] = ['INVALID_TOPIC_EXCEPTION', 'POLICY_VIOLATION']
  return error instanceof KafkaError && !passed.includes(error.errorName)
    ? codeOf('UNKNOWN_TOPIC_OR_PARTITION')
    : answerOf(error).errorCode
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
