import { kafkaError, ResourceType } from '#model'
import { perItemWithMessage } from '#server'
import type { BrokerContext } from './kit.ts'

interface Resource {
  resourceType: number
  resourceName: string
}

/** What AlterConfigs and IncrementalAlterConfigs have in common: each resource is changed for itself. */
export const alterConfigsOf = <R extends Resource>(
  { resources, validateOnly }: { resources: readonly R[]; validateOnly: boolean },
  { catalog }: BrokerContext,
  change: (resource: R, before: Readonly<Record<string, string>>) => Record<string, string>,
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
      if (resource.resourceType !== ResourceType.topic)
        throw kafkaError('INVALID_REQUEST', 'Only the configs of topics can be changed here.')
      const topic = catalog.named(resource.resourceName)
      if (!topic) throw kafkaError('UNKNOWN_TOPIC_OR_PARTITION')
      await catalog.configure(topic.id, (before) => change(resource, before), validateOnly)
      return { errorCode: 0, errorMessage: null }
    },
  )
}
