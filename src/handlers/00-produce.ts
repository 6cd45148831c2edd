import type { Append, AppendOutcome } from '#log'
import type { Topic } from '#metadata'
import { type KafkaError, kafkaError } from '#model'
import { Produce, type RequestOf } from '#protocol'
import { noResponse, RequestError } from '#server'
import { type BrokerContext, handler } from './kit.ts'
import { appendTransactional } from './transactions/append.ts'

type Request = RequestOf<typeof Produce>
type TopicData = Request['topicData'][number]

/** The version from which topics are named by id alone. */
const byIdSince = 13
/** The version from which producers may send zstd (KIP-110). */
const zstdSince = 7

/**
 * Appends what was sent. The batches enter their logs before this returns, so that requests of one
 * connection keep their order; the answer follows when `acks` is satisfied. Kafka 4 serves versions 3
 * to 13 and names 0 to 13, because librdkafka takes a missing version 0 for a broker without codecs
 * (KAFKA-18659).
 */
export const produce = handler(
  Produce,
  async (request, context, { version }) => {
    const acks = checkedAcks(request.acks)
    if (acks instanceof Error) return refuseAll(request, acks)
    const targets = request.topicData.map((data) => findTopic(data, version, context))
    const appends: Append[] = []
    request.topicData.forEach(({ partitionData }, index) => {
      const topic = targets[index]
      if (!topic || topic instanceof Error) return
      for (const { index: partition, records } of partitionData)
        if (partition >= 0 && partition < topic.partitionCount)
          appends.push({ topicId: topic.id, partition, records })
    })
    const { timeoutMs } = request
    const options = { acks, zstdAllowed: version >= zstdSince, timeoutMs }
    const { transactionalId } = request
    const outcomes = await (transactionalId === null
      ? context.logs.append(appends, options)
      : appendTransactional(transactionalId, appends, options, context, version))
    const responses = answers(request, targets, outcomes)
    if (acks !== 0) return { responses }
    closeOnError(responses)
    return noResponse
  },
  { advertised: [0, 13], twoStage: true, keepsFrame: true },
)

const checkedAcks = (acks: number): -1 | 0 | 1 | KafkaError =>
  acks === -1 || acks === 0 || acks === 1 ? acks : kafkaError('INVALID_REQUIRED_ACKS')

const findTopic = (
  { name, topicId }: TopicData,
  version: number,
  { catalog }: BrokerContext,
): Topic | KafkaError => {
  if (version >= byIdSince) return catalog.identified(topicId) ?? kafkaError('UNKNOWN_TOPIC_ID')
  return catalog.named(name) ?? kafkaError('UNKNOWN_TOPIC_OR_PARTITION')
}

/** Puts the outcomes, which follow the order of the request, back beside those that had no topic. */
const answers = (
  request: Request,
  targets: readonly (Topic | KafkaError)[],
  outcomes: readonly AppendOutcome[],
) => {
  let next = 0
  return request.topicData.map(({ name, topicId, partitionData }, topicIndex) => {
    const topic = targets[topicIndex]!
    return {
      name,
      topicId,
      partitionResponses: partitionData.map(({ index }) => {
        if (topic instanceof Error) return refused(index, topic)
        if (index < 0 || index >= topic.partitionCount)
          return refused(index, kafkaError('UNKNOWN_TOPIC_OR_PARTITION'))
        const outcome = outcomes[next]!
        next += 1
        return answer(index, outcome)
      }),
    }
  })
}

const answer = (index: number, outcome: AppendOutcome) => {
  if (outcome.error === undefined)
    return {
      index,
      errorCode: 0,
      baseOffset: outcome.baseOffset,
      logAppendTimeMs: outcome.logAppendTimeMs,
      logStartOffset: outcome.logStart,
    }
  return {
    ...refused(index, outcome.error),
    logStartOffset: outcome.logStart,
    recordErrors: outcome.recordFaults.map(({ batchIndex, message }) => ({
      batchIndex,
      batchIndexErrorMessage: message,
    })),
  }
}

const refused = (index: number, error: KafkaError) => ({
  index,
  errorCode: error.code,
  errorMessage: error.message,
  baseOffset: -1,
})

const refuseAll = (request: Request, error: KafkaError) => ({
  responses: request.topicData.map(({ name, topicId, partitionData }) => ({
    name,
    topicId,
    partitionResponses: partitionData.map(({ index }) => refused(index, error)),
  })),
})

/** Nobody waits for an answer under `acks=0`: that something failed is told by closing the connection. */
const closeOnError = (responses: ReturnType<typeof answers>): void => {
  for (const { name, partitionResponses } of responses)
    for (const { errorCode, index } of partitionResponses)
      if (errorCode !== 0)
        throw new RequestError(
          `a produce request with acks=0 failed for ${name}-${index} with error code ${errorCode}`,
        )
}
