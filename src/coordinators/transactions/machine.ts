// How the runtime speaks to the machine of transactions.
import type { Step } from '../runtime.ts'
import { applyTransaction } from './apply.ts'
import type { TransactionCommand, TransactionReply } from './commands.ts'
import { decideTransaction } from './decide.ts'
import { isStoredTransaction } from './events.ts'
import { exists, type TransactionState } from './state.ts'
import type { TransactionChange } from './store.ts'

export type TransactionStep = Step<TransactionState, TransactionReply, TransactionChange>

/** Lets a transaction decide, and applies what it decided. */
export const transactionStep = (
  state: TransactionState,
  command: TransactionCommand,
  nowMs: number,
): TransactionStep => {
  const { transactionalId } = state
  const { events, reply, settled = [], wakeAt } = decideTransaction(state, command, nowMs)
  const changes: TransactionChange[] = []
  for (const event of events) {
    applyTransaction(state, event)
    if (isStoredTransaction(event)) changes.push({ transactionalId, event })
  }
  return { machine: exists(state) ? state : null, reply, settled, changes, wakeAt }
}

/** Says whether the decision stands and its markers are on their way. */
export const isDecided = ({ facts }: TransactionState): boolean =>
  facts.phase === 'PrepareCommit' || facts.phase === 'PrepareAbort'

/** Nothing is going on: the machine can be loaded again. */
export const isIdle = (state: TransactionState): boolean =>
  state.ending === null && state.facts.phase !== 'Ongoing' && !isDecided(state)
