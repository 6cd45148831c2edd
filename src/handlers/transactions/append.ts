import type { Append, AppendOptions, AppendOutcome } from '#log'
import type { ErrorName } from '#model'
import {
  attributesOf,
  batchHeaderSize,
  isTransactional,
  producerEpochOf,
  producerIdOf,
} from '#records'
import type { BrokerContext } from '../kit.ts'
import { transactionErrorName } from './errors.ts'

/** The version from which a batch adds its partition to its transaction (KIP-890). */
const addsSince = 12

/**
 * Appends what a producer with a transactional id has sent. Batches of its transaction enter when the rows
 * of their partitions are durable, and only while the transaction is open: that is asked again in the very
 * step that gives out their offsets, so that no batch comes behind the marker that ends it.
 */
export const appendTransactional = async (
  transactionalId: string,
  appends: readonly Append[],
  options: AppendOptions,
  { logs, transactions, transactionalAppends }: BrokerContext,
  version: number,
): Promise<readonly AppendOutcome[]> => {
  const producers = appends.map(producerOf)
  const [producer] = producers.filter((each) => each !== null)
  if (!producer) return logs.append(appends, options)
  const isOfOthers = producers.some(
    (each) =>
      each !== null && (each.producerId !== producer.producerId || each.epoch !== producer.epoch),
  )
  const asking = { transactionalId, ...producer }
  const adds = version >= addsSince
  const written = appends.filter((_, index) => producers[index] !== null)
  return transactionalAppends.enter(asking, isOfOthers ? [] : written, adds, (refusalOf) =>
    logs.append(
      appends.map((append, index) => {
        if (producers[index] === null) return append
        const guard = (): ErrorName | null => {
          if (isOfOthers) return 'INVALID_PRODUCER_ID_MAPPING'
          const refusal = refusalOf(append) ?? transactions.refusal(asking, append)
          return refusal && produceErrorName(refusal, version)
        }
        return { ...append, transaction: { version: adds ? 2 : 1, guard } }
      }),
      options,
    ),
  )
}

/** Whose transaction the batch says to be of; null for a plain one, and for what is no batch at all. */
const producerOf = ({ records }: Append): { producerId: number; epoch: number } | null => {
  if (records === null || records.length < batchHeaderSize) return null
  const batch = Buffer.from(records.buffer, records.byteOffset, records.byteLength)
  if (!isTransactional(attributesOf(batch))) return null
  return { producerId: producerIdOf(batch), epoch: producerEpochOf(batch) }
}

/** Producers do not know the errors of a coordinator: they send again what they take for the partition's. */
const produceErrorName = (name: ErrorName, version: number): ErrorName => {
  const isCoordinators =
    name === 'COORDINATOR_LOAD_IN_PROGRESS' ||
    name === 'COORDINATOR_NOT_AVAILABLE' ||
    name === 'NOT_COORDINATOR'
  if (isCoordinators || (name === 'CONCURRENT_TRANSACTIONS' && version < addsSince))
    return 'NOT_ENOUGH_REPLICAS'
  return transactionErrorName(name, 'Produce', version)
}
