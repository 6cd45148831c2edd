import { kafkaError, ResourceType } from '#model'
import { perItemWithMessage } from '#server'
import { type ConfigChange, changeGroupConfigs, changeTopicConfigs } from '#settings'
import type { BrokerContext } from './kit.ts'

interface Resource {
  resourceType: number
  resourceName: string
}

type Configs = Readonly<Record<string, string>>

/** What a resource's own settings are after some changes; throws why they may not be so. */
type Change = (before: Configs, changes: readonly ConfigChange[]) => Configs

/**
 * What AlterConfigs and IncrementalAlterConfigs have in common: each resource is changed for itself.
 * `change` gets what the resource has set, and how changes are made to that.
 */
export const alterConfigsOf = <R extends Resource>(
  { resources, validateOnly }: { resources: readonly R[]; validateOnly: boolean },
  context: BrokerContext,
  change: (resource: R, before: Configs, make: Change) => Configs,
) => {
  const keyOf = ({ resourceType, resourceName }: Resource): string =>
    `${resourceType} ${resourceName}`
  const counts = new Map<string, number>()
  for (const resource of resources)
    counts.set(keyOf(resource), (counts.get(keyOf(resource)) ?? 0) + 1)
  return perItemWithMessage(
    resources,
    ({ resourceType, resourceName }) => ({ resourceType, resourceName }),
    async (resource) => {
      if ((counts.get(keyOf(resource)) ?? 0) > 1)
        throw kafkaError('INVALID_REQUEST', 'A resource may be named only once in a request.')
      const changed = (make: typeof changeTopicConfigs) => (before: Configs) =>
        change(resource, before, (configs, changes) => make(configs, changes, context.settings))
      await configure(resource, context, changed, validateOnly)
      return { errorCode: 0, errorMessage: null }
    },
  )
}

const configure = (
  { resourceType, resourceName }: Resource,
  { catalog, groupConfigs }: BrokerContext,
  changed: (make: typeof changeTopicConfigs) => (before: Configs) => Configs,
  validateOnly: boolean,
): Promise<void> => {
  if (resourceType === ResourceType.group) {
    if (resourceName === '') throw kafkaError('INVALID_REQUEST', 'A group has a name.')
    return groupConfigs.configure(resourceName, changed(changeGroupConfigs), validateOnly)
  }
  if (resourceType !== ResourceType.topic)
    throw kafkaError(
      'INVALID_REQUEST',
      'Only the configs of topics and groups can be changed here.',
    )
  const topic = catalog.named(resourceName)
  if (!topic) throw kafkaError('UNKNOWN_TOPIC_OR_PARTITION')
  return catalog.configure(topic.id, changed(changeTopicConfigs), validateOnly)
}
