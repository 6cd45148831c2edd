import { api, array, errorCode, id64, int64, string, throttleTimeMs } from '../schema.ts'

/**
 * ListTransactions: the transactions a broker looks after (KIP-664).
 *
 * Version 1 filters by how long they have been open (KIP-994), 2 by a pattern of their ids
 * (KIP-1152).
 */
export const ListTransactions = api(66, 'ListTransactions', {
  versions: [0, 2],
  flexible: 0,
  request: {
    stateFilters: array(string),
    producerIdFilters: array(id64),
    durationFilter: int64.since(1).or(-1),
    transactionalIdPattern: string.since(2).nullable().or(null),
  },
  response: {
    throttleTimeMs,
    errorCode,
    unknownStateFilters: array(string),
    transactionStates: array({
      transactionalId: string,
      producerId: id64,
      transactionState: string,
    }),
  },
})
