import { type ErrorName, KafkaError, kafkaError } from '#model'

/** From which version a client tells a fenced producer from one with an old epoch (KIP-588). */
const fencedSince = {
  Produce: Number.POSITIVE_INFINITY,
  InitProducerId: 4,
  AddPartitionsToTxn: 2,
  AddOffsetsToTxn: 2,
  EndTxn: 2,
  TxnOffsetCommit: Number.POSITIVE_INFINITY,
} as const

/** From which version a client knows that it has to abort, and may then go on (KIP-890). */
const abortableSince = {
  Produce: 11,
  InitProducerId: 5,
  AddPartitionsToTxn: 5,
  AddOffsetsToTxn: 4,
  EndTxn: 4,
  TxnOffsetCommit: 4,
} as const

/** An API that tells a client how its transaction stands. */
export type TransactionalApi = keyof typeof fencedSince

/** The error by the name that a client of this version understands. */
export const transactionErrorName = (
  name: ErrorName,
  api: TransactionalApi,
  version: number,
): ErrorName => {
  if (name === 'PRODUCER_FENCED' && version < fencedSince[api]) return 'INVALID_PRODUCER_EPOCH'
  if (name === 'TRANSACTION_ABORTABLE' && version < abortableSince[api]) return 'INVALID_TXN_STATE'
  return name
}

/** Settles as the answer does; an error has the name that a client of this version understands. */
export const withTransactionErrors = async <Answer>(
  api: TransactionalApi,
  version: number,
  answer: Promise<Answer>,
): Promise<Answer> => {
  try {
    return await answer
  } catch (error) {
    if (!(error instanceof KafkaError)) throw error
    throw kafkaError(transactionErrorName(error.errorName, api, version), error.message)
  }
}
