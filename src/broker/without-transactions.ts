import type { TransactionLog } from '#coordinators'

/** The log of a broker that takes no transactional batches: nothing is open in it, and no marker is due. */
export const withoutTransactions: TransactionLog = {
  durable: async () => undefined,
  appendMarkers: async (markers) => markers.map(() => null),
  openTransactions: () => [],
}
