import type { OffsetPartition } from '#coordinators'
import { codeOf, KafkaError, kafkaError } from '#model'
import { AddPartitionsToTxn, type RequestOf } from '#protocol'
import { inSlices } from '#server'
import { type BrokerContext, handler } from './kit.ts'
import { askingOf } from './transactions/asking.ts'
import { transactionErrorName } from './transactions/errors.ts'

type Asked = RequestOf<typeof AddPartitionsToTxn>['transactions'][number]
type CodeOf = (topic: string, partition: number) => number

/** The version from which one request is for many transactions, and may only ask (KIP-890). */
const manySince = 4

/** Adds partitions to a transaction, which begins with it. Either all of them are added or none. */
export const addPartitionsToTxn = handler(
  AddPartitionsToTxn,
  async (request, context, { version }) => {
    if (version >= manySince) {
      const resultsByTransaction = await inSlices(request.transactions, async (asked) => ({
        transactionalId: asked.transactionalId,
        topicResults: await add(asked, context, version),
      }))
      return { errorCode: 0, resultsByTransaction }
    }
    const asked = {
      transactionalId: request.v3AndBelowTransactionalId,
      producerId: request.v3AndBelowProducerId,
      producerEpoch: request.v3AndBelowProducerEpoch,
      verifyOnly: false,
      topics: request.v3AndBelowTopics,
    }
    return { resultsByTopicV3AndBelow: await add(asked, context, version) }
  },
)

const add = async (asked: Asked, context: BrokerContext, version: number) => {
  const codeAt = await codes(asked, context, version)
  return asked.topics.map(({ name, partitions }) => ({
    name,
    resultsByPartition: partitions.map((partitionIndex) => ({
      partitionIndex,
      partitionErrorCode: codeAt(name, partitionIndex),
    })),
  }))
}

const codes = async (
  asked: Asked,
  { catalog, transactions }: BrokerContext,
  version: number,
): Promise<CodeOf> => {
  const isKnown = (name: string, partition: number): boolean =>
    partition >= 0 && partition < (catalog.named(name)?.partitionCount ?? 0)
  const isAllKnown = asked.topics.every(
    ({ name, partitions }) =>
      catalog.named(name) !== undefined &&
      partitions.every((partition) => isKnown(name, partition)),
  )
  if (!isAllKnown)
    return (name, partition) =>
      codeOf(isKnown(name, partition) ? 'OPERATION_NOT_ATTEMPTED' : 'UNKNOWN_TOPIC_OR_PARTITION')
  const named = new Map(asked.topics.map(({ name }) => [name, catalog.named(name)!.id]))
  const partitions: OffsetPartition[] = asked.topics.flatMap((topic) =>
    topic.partitions.map((partition) => ({ topicId: named.get(topic.name)!, partition })),
  )
  try {
    const asking = askingOf(asked)
    if (!asked.verifyOnly) {
      await transactions.addPartitions(asking, partitions)
      return () => 0
    }
    const missing = await transactions.missingPartitions(asking, partitions)
    const isMissing = new Set(missing.map(({ topicId, partition }) => `${partition}/${topicId}`))
    return (name, partition) =>
      isMissing.has(`${partition}/${named.get(name)}`)
        ? errorCode(kafkaError('TRANSACTION_ABORTABLE'), version)
        : 0
  } catch (error) {
    if (!(error instanceof KafkaError)) throw error
    return () => errorCode(error, version)
  }
}

const errorCode = ({ errorName }: KafkaError, version: number): number =>
  codeOf(transactionErrorName(errorName, 'AddPartitionsToTxn', version))
