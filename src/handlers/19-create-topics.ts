import { kafkaError } from '#model'
import { CreateTopics, type RequestOf } from '#protocol'
import { perItemWithMessage } from '#server'
import { describeTopicConfigs } from '#settings'
import { type BrokerContext, handler } from './kit.ts'

type Asked = RequestOf<typeof CreateTopics>['topics'][number]

/** Makes each topic for itself; with `validateOnly` says what each would be. */
export const createTopics = handler(CreateTopics, async (request, context) => {
  const names = request.topics.map(({ name }) => name)
  const twice = new Set(names.filter((name, index) => names.indexOf(name) !== index))
  const once = request.topics.filter(({ name }, index) => names.indexOf(name) === index)
  return {
    topics: await perItemWithMessage(
      once,
      ({ name }) => ({ name }),
      (asked) => {
        if (twice.has(asked.name))
          throw kafkaError(
            'INVALID_REQUEST',
            `Topic '${asked.name}' is named twice in the request.`,
          )
        return create(asked, request.validateOnly, context)
      },
    ),
  }
})

const create = async (asked: Asked, validateOnly: boolean, context: BrokerContext) => {
  const topic = await context.catalog.create(asked, validateOnly)
  return {
    topicId: topic.id,
    errorCode: 0,
    errorMessage: null,
    numPartitions: topic.partitionCount,
    replicationFactor: topic.replicationFactor,
    configs: describeTopicConfigs(topic.configs, context.settings, context.origins).map(
      (config) => ({
        name: config.name,
        value: config.value,
        readOnly: config.readOnly,
        configSource: config.source,
        isSensitive: config.isSensitive,
      }),
    ),
  }
}
