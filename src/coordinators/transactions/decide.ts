// Decides what a command does to a transaction (KIP-98, 360, 447, 890). The transaction is not changed: the
// runtime applies the events, and says the replies when they are stored. A refusal has no events, but for
// an InitProducerId that aborts what was left open and asks its client to come again.
import { KafkaError } from '#model'
import { addGroup, addPartitions, pend, verify } from './add.ts'
import type {
  TransactionCommand,
  TransactionDecision,
  TransactionDescription,
  TransactionReply,
} from './commands.ts'
import { done, refused, TransactionDraft } from './draft.ts'
import { completed, end, synced } from './end.ts'
import { fence, init } from './init.ts'
import { abortedAt, exists, type TransactionState } from './state.ts'

/** `nowMs` may be of any clock that never goes back. */
export const decideTransaction = (
  state: TransactionState,
  command: TransactionCommand,
  nowMs: number,
): TransactionDecision => {
  const draft = new TransactionDraft(state, nowMs)
  try {
    return draft.decision(perform(draft, command))
  } catch (error) {
    if (!(error instanceof KafkaError)) throw error
    return draft.decision(refused(error.errorName, error.message))
  }
}

const perform = (draft: TransactionDraft, command: TransactionCommand): TransactionReply | null => {
  switch (command.kind) {
    case 'init':
      return init(draft, command)
    case 'addPartitions':
      return addPartitions(draft, command)
    case 'addGroup':
      return addGroup(draft, command)
    case 'verify':
      return verify(draft, command)
    case 'pend':
      return pend(draft, command)
    case 'end':
      return end(draft, command)
    case 'synced':
      synced(draft, command)
      return done
    case 'completed':
      completed(draft, command)
      return done
    case 'describe':
      return describe(draft.state)
    case 'expire':
      expire(draft, command.unusedSinceMs)
      return done
    case 'wake':
      abortIfLate(draft)
      return done
    case 'load':
      return done
  }
}

const describe = (state: TransactionState): TransactionReply => {
  if (!exists(state)) return refused('TRANSACTIONAL_ID_NOT_FOUND', 'Nobody uses this id.')
  const partitions = [...state.partitions.values()]
  return { kind: 'described', facts: state.facts, partitions } satisfies TransactionDescription
}

const expire = (draft: TransactionDraft, unusedSinceMs: number): void => {
  const { phase, updatedAtMs } = draft.facts
  if (!exists(draft.state) || draft.isBusy || phase === 'Ongoing') return
  if (updatedAtMs <= unusedSinceMs) draft.events.push({ kind: 'removed' })
}

const abortIfLate = (draft: TransactionDraft): void => {
  if (draft.facts.phase !== 'Ongoing' || draft.ending !== null) return
  const dueMs = abortedAt(draft.facts)
  if (dueMs !== null && dueMs <= draft.nowMs) fence(draft)
}
