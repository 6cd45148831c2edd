import type { Topic } from '#metadata'
import { kafkaError, zeroUuid } from '#model'
import { DeleteTopics } from '#protocol'
import { perItemWithMessage } from '#server'
import { type BrokerContext, handler } from './kit.ts'

interface Named {
  name: string | null
  topicId: string
}

/** The version from which a refused deletion has an error code of its own. */
const deletionDisabledSince = 3

/** Deletes topics by name, or from version 6 by id; each answers for itself. */
export const deleteTopics = handler(DeleteTopics, async (request, context, { version }) => {
  const asked: readonly Named[] =
    version >= 6 ? request.topics : request.topicNames.map((name) => ({ name, topicId: zeroUuid }))
  const counts = new Map<Topic, number>()
  for (const named of asked) {
    const topic = lookUp(named, context)
    if (topic) counts.set(topic, (counts.get(topic) ?? 0) + 1)
  }
  return {
    responses: await perItemWithMessage(
      asked,
      ({ name, topicId }) => ({ name, topicId }),
      async (named) => {
        if (!context.settings['delete.topic.enable'])
          throw kafkaError(
            version >= deletionDisabledSince ? 'TOPIC_DELETION_DISABLED' : 'INVALID_REQUEST',
          )
        const topic = find(named, context)
        if ((counts.get(topic) ?? 0) > 1)
          throw kafkaError(
            'INVALID_REQUEST',
            `Topic '${topic.name}' is named twice in the request.`,
          )
        await context.catalog.delete([topic])
        return { name: topic.name, topicId: topic.id, errorCode: 0, errorMessage: null }
      },
    ),
  }
})

const lookUp = ({ name, topicId }: Named, { catalog }: BrokerContext): Topic | undefined =>
  topicId === zeroUuid ? catalog.named(name ?? '') : catalog.identified(topicId)

const find = (named: Named, context: BrokerContext): Topic => {
  const byId = named.topicId !== zeroUuid
  if (byId === (named.name !== null))
    throw kafkaError('INVALID_REQUEST', 'A topic is named either by its name or by its id.')
  const topic = lookUp(named, context)
  if (!topic) throw kafkaError(byId ? 'UNKNOWN_TOPIC_ID' : 'UNKNOWN_TOPIC_OR_PARTITION')
  return topic
}
