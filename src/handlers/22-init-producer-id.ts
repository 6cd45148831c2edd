import { kafkaError } from '#model'
import { InitProducerId } from '#protocol'
import { handler } from './kit.ts'
import { withTransactionErrors } from './transactions/errors.ts'

const none = -1n

/**
 * Gives a producer its id and epoch. One without a transactional id has nothing to carry on: it gets an id
 * that nobody had before, and one that it had is not looked at (as in Kafka).
 */
export const initProducerId = handler(
  InitProducerId,
  async (request, { producerIds, transactions }, { version }) => {
    const { transactionalId, transactionTimeoutMs, producerId, producerEpoch } = request
    if (transactionalId === '') throw kafkaError('INVALID_REQUEST')
    if ((producerId === none) !== (producerEpoch === -1)) throw kafkaError('INVALID_REQUEST')
    if (transactionalId === null)
      return { producerId: BigInt(await producerIds.take()), producerEpoch: 0 }
    const expected =
      producerId === none ? null : { producerId: Number(producerId), epoch: producerEpoch }
    if (request.keepPreparedTxn)
      throw kafkaError('UNSUPPORTED_VERSION', 'A prepared transaction cannot be kept yet.')
    const said = { timeoutMs: request.enable2Pc ? null : transactionTimeoutMs, expected }
    const given = await withTransactionErrors(
      'InitProducerId',
      version,
      transactions.init(transactionalId, said),
    )
    return { producerId: BigInt(given.producerId), producerEpoch: given.epoch }
  },
)

/**
 * As above, with what a producer needs whose transactions are parts of two-phase commits: version 6, which Kafka
 * 4.3 may still change (KIP-939). Keeping a prepared transaction is refused, as there.
 */
export const twoPhaseInitProducerId = { ...initProducerId, advertised: [0, 6] } as const
