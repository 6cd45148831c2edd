import { api, errorCode, id64, int16, string, throttleTimeMs } from '../schema.ts'

/** AddOffsetsToTxn: tells a transaction which group it will commit offsets for (KIP-98). */
export const AddOffsetsToTxn = api(25, 'AddOffsetsToTxn', {
  versions: [0, 4],
  flexible: 3,
  request: {
    transactionalId: string,
    producerId: id64,
    producerEpoch: int16,
    groupId: string,
  },
  response: {
    throttleTimeMs,
    errorCode,
  },
})
