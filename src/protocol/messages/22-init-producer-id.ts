import { api, boolean, errorCode, id64, int16, int32, string, throttleTimeMs } from '../schema.ts'

/**
 * InitProducerId: gives a producer its id and epoch, and fences the one before it (KIP-98).
 *
 * Version 3 asks for a new epoch of a known id (KIP-360), 6 takes part in two-phase commit
 * (KIP-939).
 */
export const InitProducerId = api(22, 'InitProducerId', {
  versions: [0, 6],
  flexible: 2,
  unstable: true,
  request: {
    transactionalId: string.nullable(),
    transactionTimeoutMs: int32,
    producerId: id64.since(3).or(-1n),
    producerEpoch: int16.since(3).or(-1),
    enable2Pc: boolean.since(6).or(false),
    keepPreparedTxn: boolean.since(6).or(false),
  },
  response: {
    throttleTimeMs,
    errorCode,
    producerId: id64.or(-1n),
    producerEpoch: int16.or(-1),
    ongoingTxnProducerId: id64.since(6).or(-1n),
    ongoingTxnProducerEpoch: int16.since(6).or(-1),
  },
})
