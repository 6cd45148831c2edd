import { kafkaError } from '#model'
import type { EndCommand, TransactionCommand, TransactionReply } from './commands.ts'
import { busy, checkProducer, producerOf, refused, type TransactionDraft } from './draft.ts'
import { epochMax, none, type ProducerIdentity, type TransactionFacts } from './state.ts'

type SyncedCommand = Extract<TransactionCommand, { kind: 'synced' }>

/**
 * Commits or aborts. A commit of what was written waits until that is on disk, and is decided by `synced`;
 * what has written nothing is over at once, without markers.
 */
export const end = (draft: TransactionDraft, command: EndCommand): TransactionReply | null => {
  const { facts } = draft
  const { commit, version } = command
  if (version === 1) checkProducer(facts, command)
  if (draft.isBusy) throw busy
  const isRepeated = version === 2 && isRepeat(facts, command)
  if (version === 2 && !isRepeated) checkProducer(facts, command)
  if (facts.phase !== 'Ongoing') {
    const isSameEnd = facts.phase === (commit ? 'CompleteCommit' : 'CompleteAbort')
    if (isSameEnd && (isRepeated || version === 1)) return producerOf(facts)
    if (commit || isRepeated || version === 1) throw invalidState(facts, commit)
  }
  const newProducerId = version === 2 && facts.epoch >= epochMax ? command.newProducerId : none
  if (newProducerId === null) return { kind: 'needsProducerId' }
  const ending = { ticket: command.ticket, version, newProducerId }
  if (commit && draft.state.partitions.size > 0) {
    draft.setEnding(ending)
    return null
  }
  decide(draft, commit, ending)
  return producerOf(draft.facts)
}

/** Decides a commit that has waited for its bytes, or tells who waits that they may be lost. */
export const synced = (draft: TransactionDraft, { ticket, error }: SyncedCommand): void => {
  const { ending } = draft
  if (ending?.ticket !== ticket) return
  draft.setEnding(null)
  if (error !== null) {
    const reply = refused(error, 'What the transaction has written is not on disk.')
    draft.settled.push({ ticket, reply })
    return
  }
  decide(draft, true, ending)
  draft.settled.push({ ticket, reply: producerOf(draft.facts) })
}

/** The markers are on disk: the transaction is over, and the next one may begin. */
export const completed = (
  draft: TransactionDraft,
  { producerId, epoch }: ProducerIdentity,
): void => {
  const { facts } = draft
  const isEnded = facts.phase === 'PrepareCommit' || facts.phase === 'PrepareAbort'
  if (isEnded && facts.producerId === producerId && facts.epoch === epoch) complete(draft)
}

/** How a transaction ends, and with which epoch its markers are written. */
export interface End {
  readonly commit: boolean
  readonly epoch: number
  readonly lastEpoch: number
  readonly version: 1 | 2
  readonly nextProducerId?: number
}

/** Stores the decision and, in the same step, what becomes of the offsets (KIP-447). */
export const decideEnd = (draft: TransactionDraft, { commit, ...change }: End): void => {
  const { state, facts, nowMs } = draft
  const phase = commit ? 'PrepareCommit' : 'PrepareAbort'
  const startedAtMs = facts.phase === 'Ongoing' ? facts.startedAtMs : nowMs
  if (state.partitions.size === 0) draft.facts = { ...facts, ...change, phase, startedAtMs }
  else draft.change({ ...change, phase, startedAtMs })
  if (state.groups.size > 0) draft.events.push({ kind: 'offsetsDecided', commit })
  if (state.partitions.size === 0) complete(draft)
}

const decide = (
  draft: TransactionDraft,
  commit: boolean,
  { version, newProducerId }: { version: 1 | 2; newProducerId: number },
): void => {
  const { epoch, lastEpoch } = draft.facts
  const raised = version === 2 ? { epoch: epoch + 1, lastEpoch: epoch } : { epoch, lastEpoch }
  decideEnd(draft, { commit, version, ...raised, nextProducerId: newProducerId })
}

/** When a new producer id takes over, the last epoch that the client knew of the old one stays. */
const complete = (draft: TransactionDraft): void => {
  const { phase, producerId, nextProducerId } = draft.facts
  const isNew = nextProducerId !== none
  draft.change({
    phase: phase === 'PrepareCommit' ? 'CompleteCommit' : 'CompleteAbort',
    ...(isNew ? { producerId: nextProducerId, previousProducerId: producerId, epoch: 0 } : {}),
    nextProducerId: none,
  })
  if (draft.state.partitions.size + draft.state.groups.size > 0)
    draft.events.push({ kind: 'cleared' })
}

/** An EndTxn that was answered already comes with the epoch before, or with the id before. */
const isRepeat = (facts: TransactionFacts, { producerId, epoch }: ProducerIdentity): boolean => {
  if (facts.phase !== 'CompleteCommit' && facts.phase !== 'CompleteAbort') return false
  if (producerId === facts.producerId) return epoch + 1 === facts.epoch
  return producerId === facts.previousProducerId && epoch === epochMax && facts.epoch === 0
}

const invalidState = ({ phase }: TransactionFacts, commit: boolean): Error =>
  kafkaError(
    'INVALID_TXN_STATE',
    `The transaction is ${phase}: it cannot be ${commit ? 'committed' : 'aborted'}.`,
  )
