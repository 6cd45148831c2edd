import { kafkaError, ResourceType } from '#model'
import { DescribeConfigs, type RequestOf } from '#protocol'
import { perItemWithMessage } from '#server'
import {
  type DescribedConfig,
  describeBrokerConfigs,
  describeGroupConfigs,
  describeTopicConfigs,
} from '#settings'
import { type BrokerContext, handler } from './kit.ts'

type Resource = RequestOf<typeof DescribeConfigs>['resources'][number]

/** The version from which an answer names the types of settings. */
const typesSince = 3

/** Describes topics, groups and the broker, each for itself; names that nobody knows are left out, as in Kafka. */
export const describeConfigs = handler(DescribeConfigs, async (request, context, { version }) => ({
  results: await perItemWithMessage(
    request.resources,
    ({ resourceType, resourceName }) => ({ resourceType, resourceName, configs: [] }),
    (resource) => {
      const keys = resource.configurationKeys
      const wanted = describe(resource, context).filter(({ name }) => keys?.includes(name) ?? true)
      return {
        errorCode: 0,
        errorMessage: null,
        configs: wanted.map(({ name, value, readOnly, source, isSensitive, synonyms, type }) => ({
          name,
          value,
          readOnly,
          configSource: source,
          isSensitive,
          synonyms: request.includeSynonyms ? synonyms : [],
          ...(version >= typesSince ? { configType: type } : {}),
        })),
      }
    },
  ),
}))

const describe = (
  { resourceType, resourceName }: Resource,
  { catalog, groupConfigs, settings, origins }: BrokerContext,
): readonly DescribedConfig[] => {
  if (resourceType === ResourceType.topic) {
    const topic = catalog.named(resourceName)
    if (!topic) throw kafkaError('UNKNOWN_TOPIC_OR_PARTITION')
    return describeTopicConfigs(topic.configs, settings, origins)
  }
  if (resourceType === ResourceType.group)
    return describeGroupConfigs(groupConfigs.of(resourceName), settings, origins)
  if (resourceType !== ResourceType.broker)
    throw kafkaError('INVALID_REQUEST', `Resources of type ${resourceType} have no configs here.`)
  // The empty name stands for what all brokers of a cluster have in common, of which there is nothing.
  if (resourceName === '') return []
  if (resourceName !== String(catalog.nodeId))
    throw kafkaError('INVALID_REQUEST', `This is broker ${catalog.nodeId}, not '${resourceName}'.`)
  return describeBrokerConfigs(settings, origins)
}
