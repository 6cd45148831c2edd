import { api, boolean, errorCode, id64, int16, string, throttleTimeMs } from '../schema.ts'

/** EndTxn: commits or aborts a transaction; since version 5 it also raises the epoch (KIP-890). */
export const EndTxn = api(26, 'EndTxn', {
  versions: [0, 5],
  flexible: 3,
  request: {
    transactionalId: string,
    producerId: id64,
    producerEpoch: int16,
    committed: boolean,
  },
  response: {
    throttleTimeMs,
    errorCode,
    producerId: id64.since(5).or(-1n).ignorable(),
    producerEpoch: int16.since(5).or(-1).ignorable(),
  },
})
