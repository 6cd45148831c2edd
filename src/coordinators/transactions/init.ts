import { kafkaError } from '#model'
import type { InitCommand, TransactionReply } from './commands.ts'
import { busy, producerOf, type TransactionDraft } from './draft.ts'
import { decideEnd } from './end.ts'
import { epochMax, none, type ProducerIdentity, type TransactionFacts } from './state.ts'

/**
 * Gives a producer its id and epoch, and fences the one before it. A transaction that one has left open is
 * aborted first: the producer has to come again, and by then the epoch is raised once more.
 */
export const init = (draft: TransactionDraft, command: InitCommand): TransactionReply => {
  if (draft.isBusy) throw busy
  const { facts } = draft
  const { expected, newProducerId } = command
  if (expected !== null && !mayCarryOn(facts, expected)) throw fenced(expected)
  if (facts.phase === 'Ongoing') {
    fence(draft)
    throw busy
  }
  const isNew = facts.producerId === none
  if (isNew || runsOut(facts, expected)) {
    if (newProducerId === null) return { kind: 'needsProducerId' }
    begin(draft, command.timeoutMs, {
      producerId: newProducerId,
      previousProducerId: facts.producerId,
      epoch: 0,
      lastEpoch: isNew ? none : (expected?.epoch ?? none),
    })
  } else begin(draft, command.timeoutMs, nextEpoch(facts, expected))
  return producerOf(draft.facts)
}

/**
 * Aborts the open transaction for the broker's own reasons. Its producer is fenced by the raised epoch,
 * whatever version it speaks.
 */
export const fence = (draft: TransactionDraft): void => {
  const { epoch } = draft.facts
  decideEnd(draft, { commit: false, epoch: epoch + 1, lastEpoch: epoch, version: 2 })
}

const begin = (
  draft: TransactionDraft,
  timeoutMs: number,
  change: Partial<TransactionFacts>,
): void => {
  draft.change({ phase: 'Empty', timeoutMs, startedAtMs: none, ...change })
}

/** An id without epochs left is carried on by its previous one when the answer with the new one was lost. */
const mayCarryOn = (facts: TransactionFacts, { producerId, epoch }: ProducerIdentity): boolean =>
  facts.epoch === none ||
  producerId === facts.producerId ||
  (producerId === facts.previousProducerId && epoch >= epochMax)

/** The epoch after a fence is nobody's, so the client that was fenced comes with the one before it. */
const runsOut = (facts: TransactionFacts, expected: ProducerIdentity | null): boolean =>
  facts.epoch >= epochMax &&
  (expected === null || expected.epoch === facts.epoch || expected.epoch === facts.lastEpoch)

/** A client that comes with the epoch before has missed the answer, and is given it again. */
const nextEpoch = (
  { epoch, lastEpoch }: TransactionFacts,
  expected: ProducerIdentity | null,
): Pick<TransactionFacts, 'epoch' | 'lastEpoch'> => {
  if (expected === null) return { epoch: epoch + 1, lastEpoch: none }
  if (expected.epoch === epoch && epoch < epochMax) return { epoch: epoch + 1, lastEpoch: epoch }
  if (expected.epoch === lastEpoch) return { epoch, lastEpoch }
  throw fenced(expected)
}

const fenced = ({ producerId, epoch }: ProducerIdentity): Error =>
  kafkaError('PRODUCER_FENCED', `Epoch ${epoch} of producer ${producerId} is over.`)
