import type { TransactionEvent } from './events.ts'
import { newTransaction, partitionKey, type TransactionState } from './state.ts'

/** Takes over what was decided. */
export const applyTransaction = (state: TransactionState, event: TransactionEvent): void => {
  switch (event.kind) {
    case 'changed':
      state.facts = event.facts
      return
    case 'partitionsAdded':
      for (const partition of event.partitions)
        state.partitions.set(partitionKey(partition), partition)
      return
    case 'groupAdded':
      state.groups.add(event.groupId)
      return
    case 'cleared':
      state.partitions.clear()
      state.groups.clear()
      return
    case 'removed':
      state.facts = newTransaction(state.transactionalId).facts
      return
    case 'endingSet':
      state.ending = event.ending
      return
    case 'offsetsPended':
    case 'offsetsDecided':
      // Offsets are in the store alone.
      return
  }
}
