import { EndTxn } from '#protocol'
import { handler } from './kit.ts'
import { askingOf } from './transactions/asking.ts'
import { withTransactionErrors } from './transactions/errors.ts'

/** The version from which the end of a transaction raises its producer's epoch (KIP-890). */
const epochSince = 5

/** Commits or aborts a transaction. The answer does not wait for the markers. */
export const endTxn = handler(EndTxn, async (request, { transactions }, { version }) => {
  const ended = transactions.end(
    askingOf(request),
    request.committed,
    version >= epochSince ? 2 : 1,
  )
  const { producerId, epoch } = await withTransactionErrors('EndTxn', version, ended)
  return version < epochSince
    ? { errorCode: 0 }
    : { errorCode: 0, producerId: BigInt(producerId), producerEpoch: epoch }
})
