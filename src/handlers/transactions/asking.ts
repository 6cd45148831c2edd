import type { Asking } from '#coordinators'
import { kafkaError } from '#model'

/** A producer as a request names it. */
interface NamedProducer {
  readonly transactionalId: string
  readonly producerId: bigint
  readonly producerEpoch: number
}

/** Who asks; throws INVALID_REQUEST without a transactional id. An id too large for us was never ours. */
export const askingOf = ({ transactionalId, producerId, producerEpoch }: NamedProducer): Asking => {
  if (transactionalId === '')
    throw kafkaError('INVALID_REQUEST', 'The request names no transactional id.')
  return { transactionalId, producerId: Number(producerId), epoch: producerEpoch }
}
