import type { TransactionMarker } from '#log'
import { codeOf } from '#model'
import { type RequestOf, WriteTxnMarkers } from '#protocol'
import { handler } from './kit.ts'

type Request = RequestOf<typeof WriteTxnMarkers>

/** The version that says by which rule the epoch of a marker is checked (KIP-1228). */
const strictVersion = 2

/**
 * Ends transactions in their partitions, all in one round: how an administrator aborts one that hangs
 * (KIP-664). What the coordinator knows of a transaction does not change.
 */
export const writeTxnMarkers = handler(WriteTxnMarkers, async (request, { catalog, logs }) => {
  const markers: TransactionMarker[] = []
  const places = new Map<string, number>()
  eachPartition(request, (index, name, partition) => {
    const topic = catalog.named(name)
    if (!topic || partition < 0 || partition >= topic.partitionCount) return
    const { producerId, producerEpoch, transactionResult, coordinatorEpoch, transactionVersion } =
      request.markers[index]!
    places.set(`${index} ${partition}/${name}`, markers.length)
    markers.push({
      topicId: topic.id,
      partition,
      producerId: Number(producerId),
      epoch: producerEpoch,
      commit: transactionResult,
      version: transactionVersion >= strictVersion ? 2 : 1,
      coordinatorEpoch,
    })
  })
  const errors = await logs.appendMarkers(markers)
  const errorCodeAt = (key: string): number => {
    const place = places.get(key)
    return codeOf(place === undefined ? 'UNKNOWN_TOPIC_OR_PARTITION' : (errors[place] ?? 'NONE'))
  }
  return {
    markers: request.markers.map(({ producerId, topics }, index) => ({
      producerId,
      topics: topics.map(({ name, partitionIndexes }) => ({
        name,
        partitions: partitionIndexes.map((partitionIndex) => ({
          partitionIndex,
          errorCode: errorCodeAt(`${index} ${partitionIndex}/${name}`),
        })),
      })),
    })),
  }
})

const eachPartition = (
  { markers }: Request,
  visit: (index: number, topic: string, partition: number) => void,
): void => {
  for (const [index, { topics }] of markers.entries())
    for (const { name, partitionIndexes } of topics)
      for (const partition of partitionIndexes) visit(index, name, partition)
}
