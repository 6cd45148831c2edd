import type { TransactionMarker } from '#log'
import { codeOf, type ErrorName } from '#model'
import { type RequestOf, WriteTxnMarkers } from '#protocol'
import { type BrokerContext, handler } from './kit.ts'

type Request = RequestOf<typeof WriteTxnMarkers>
type Asked = Request['markers'][number]

/** A marker where it is to be written, or why it is not. */
interface Target {
  partitionIndex: number
  marker: TransactionMarker | undefined
  error: ErrorName | null
}

/**
 * Ends transactions in their partitions by an administrator's word, past their coordinator: what makes an end
 * of one that hangs (KIP-664). All markers of a request are one round. Brokers write theirs themselves.
 */
export const writeTxnMarkers = handler(WriteTxnMarkers, async (request, context) => {
  const planned = request.markers.map((asked) => ({
    producerId: asked.producerId,
    topics: asked.topics.map(({ name, partitionIndexes }) => ({
      name,
      targets: partitionIndexes.map((partition) => target(asked, name, partition, context)),
    })),
  }))
  const targets = planned.flatMap(({ topics }) => topics.flatMap((topic) => topic.targets))
  const written = targets.filter(({ marker }) => marker !== undefined)
  const errors = await context.logs.appendMarkers(written.map(({ marker }) => marker!))
  for (const [index, each] of written.entries()) each.error = errors[index]!
  return {
    markers: planned.map(({ producerId, topics }) => ({
      producerId,
      topics: topics.map(({ name, targets: ofTopic }) => ({
        name,
        partitions: ofTopic.map(({ partitionIndex, error }) => ({
          partitionIndex,
          errorCode: error === null ? 0 : codeOf(error),
        })),
      })),
    })),
  }
})

const target = (
  asked: Asked,
  name: string,
  partition: number,
  { catalog, logs }: BrokerContext,
): Target => {
  const refused = (error: ErrorName): Target => ({
    partitionIndex: partition,
    marker: undefined,
    error,
  })
  const { producerId, producerEpoch, coordinatorEpoch, transactionVersion } = asked
  const topicId = catalog.named(name)?.id
  if (topicId === undefined || !logs.bounds({ topicId, partition }))
    return refused('UNKNOWN_TOPIC_OR_PARTITION')
  if (producerId < 0n || producerId > BigInt(Number.MAX_SAFE_INTEGER) || producerEpoch < 0)
    return refused('INVALID_REQUEST')
  return {
    partitionIndex: partition,
    marker: {
      topicId,
      partition,
      producerId: Number(producerId),
      epoch: producerEpoch,
      commit: asked.transactionResult,
      // Before KIP-1228 nobody says so, and a marker may have the epoch of what it ends.
      version: transactionVersion >= 2 ? 2 : 1,
      coordinatorEpoch,
    },
    error: null,
  }
}
