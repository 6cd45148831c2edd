/**
 * Groups whose offsets one transaction may commit. A processor commits for one; each is a row, and a name
 * in memory as long as the transaction is open.
 */
export const groupsPerTransactionMax = 1000

/** How long markers that could not be written, or a machine that could not be stored, wait for the next try, in ms. */
export const finishRetryMs = 100
