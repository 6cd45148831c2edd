import { kafkaError } from '#model'
import type {
  AddGroupCommand,
  AddPartitionsCommand,
  PendCommand,
  TransactionReply,
  VerifyCommand,
} from './commands.ts'
import { busy, checkProducer, done, type TransactionDraft } from './draft.ts'
import { groupsPerTransactionMax } from './limits.ts'
import { epochMax, type ProducerIdentity, partitionKey } from './state.ts'

/** Adds partitions, which begins a transaction where none is open. */
export const addPartitions = (
  draft: TransactionDraft,
  command: AddPartitionsCommand,
): TransactionReply => {
  checkMayAdd(draft, command)
  const added = missingOf(draft, command.partitions)
  begin(draft)
  if (added.length > 0) draft.events.push({ kind: 'partitionsAdded', partitions: added })
  return done
}

/** Adds a group whose offsets are to be committed, which begins a transaction where none is open. */
export const addGroup = (draft: TransactionDraft, command: AddGroupCommand): TransactionReply => {
  checkMayAdd(draft, command)
  begin(draft)
  addMissingGroup(draft, command.groupId)
  return done
}

/**
 * Says which partitions are not in the transaction: a batch there would be one that nobody ends. Being
 * decided does not matter yet, because the log asks once more when the batch enters.
 */
export const verify = (draft: TransactionDraft, command: VerifyCommand): TransactionReply => {
  checkProducer(draft.facts, command)
  if (draft.isBusy) throw busy
  const missing = draft.facts.phase === 'Ongoing' ? missingOf(draft, command.partitions) : null
  return { kind: 'verified', missing: missing ?? command.partitions }
}

/**
 * Keeps offsets until the transaction is decided. Throws TRANSACTION_ABORTABLE for a group that was not
 * added by a client that has to add it.
 */
export const pend = (draft: TransactionDraft, command: PendCommand): TransactionReply => {
  const { groupId, offsets, adds } = command
  if (adds) {
    checkMayAdd(draft, command)
    if (offsets.length === 0) return done
    begin(draft)
    addMissingGroup(draft, groupId)
  } else {
    checkProducer(draft.facts, command)
    if (draft.isBusy) throw busy
    if (draft.facts.phase !== 'Ongoing' || !draft.state.groups.has(groupId))
      throw kafkaError(
        'TRANSACTION_ABORTABLE',
        `Group '${groupId}' was not added to the transaction.`,
      )
  }
  if (offsets.length > 0) draft.events.push({ kind: 'offsetsPended', groupId, offsets })
  return done
}

/** The epoch above the largest one fences a producer: nobody has been given it. */
const checkMayAdd = (draft: TransactionDraft, producer: ProducerIdentity): void => {
  if (draft.isBusy) throw busy
  checkProducer(draft.facts, producer)
  if (producer.epoch > epochMax)
    throw kafkaError('PRODUCER_FENCED', `Epoch ${producer.epoch} is no producer's.`)
}

const begin = (draft: TransactionDraft): void => {
  if (draft.facts.phase === 'Ongoing') return
  draft.change({ phase: 'Ongoing', startedAtMs: draft.nowMs })
}

const missingOf = (
  { state }: TransactionDraft,
  partitions: AddPartitionsCommand['partitions'],
): AddPartitionsCommand['partitions'] =>
  partitions.filter((partition) => !state.partitions.has(partitionKey(partition)))

const addMissingGroup = (draft: TransactionDraft, groupId: string): void => {
  const { groups } = draft.state
  if (groups.has(groupId)) return
  if (groups.size >= groupsPerTransactionMax)
    throw kafkaError(
      'INVALID_REQUEST',
      `A transaction commits offsets of ${groupsPerTransactionMax} groups at most.`,
    )
  draft.events.push({ kind: 'groupAdded', groupId })
}
