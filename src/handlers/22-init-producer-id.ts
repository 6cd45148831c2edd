import { kafkaError } from '#model'
import { InitProducerId } from '#protocol'
import { handler } from './kit.ts'

const none = -1n

/**
 * Gives an idempotent producer an id that nobody had before. Without a transactional id there is
 * nothing to carry on, so an id that the producer had is not looked at (as in Kafka).
 */
export const initProducerId = handler(InitProducerId, async (request, { producerIds }) => {
  const { transactionalId, producerId, producerEpoch } = request
  if (transactionalId === '') throw kafkaError('INVALID_REQUEST')
  if (transactionalId !== null) throw kafkaError('COORDINATOR_NOT_AVAILABLE')
  if ((producerId === none) !== (producerEpoch === -1)) throw kafkaError('INVALID_REQUEST')
  return { producerId: BigInt(await producerIds.take()), producerEpoch: 0 }
})
