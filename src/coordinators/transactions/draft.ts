import { type ErrorName, kafkaError } from '#model'
import type { Settled } from '../machine.ts'
import type { TransactionDecision, TransactionReply } from './commands.ts'
import type { TransactionEvent } from './events.ts'
import {
  abortedAt,
  type Ending,
  type ProducerIdentity,
  type TransactionFacts,
  type TransactionState,
} from './state.ts'

/**
 * A decision in the making: the facts as they will be after the events gathered so far. The transaction
 * itself stays as it is until the runtime applies them.
 */
export class TransactionDraft {
  readonly state: TransactionState
  readonly nowMs: number
  readonly events: TransactionEvent[] = []
  readonly settled: Settled<TransactionReply>[] = []
  facts: TransactionFacts
  ending: Ending | null

  constructor(state: TransactionState, nowMs: number) {
    this.state = state
    this.nowMs = Math.floor(nowMs)
    this.facts = state.facts
    this.ending = state.ending
  }

  /** Nothing can be asked for while a transaction is being decided or its markers are on their way. */
  get isBusy(): boolean {
    const { phase } = this.facts
    return this.ending !== null || phase === 'PrepareCommit' || phase === 'PrepareAbort'
  }

  change(change: Partial<TransactionFacts>): void {
    this.facts = { ...this.facts, ...change, updatedAtMs: this.nowMs }
    this.events.push({ kind: 'changed', facts: this.facts })
  }

  setEnding(ending: Ending | null): void {
    this.ending = ending
    this.events.push({ kind: 'endingSet', ending })
  }

  decision(reply: TransactionReply | null): TransactionDecision {
    const isRunning = this.facts.phase === 'Ongoing' && this.ending === null
    const wakeAt = isRunning ? abortedAt(this.facts) : null
    return { events: this.events, reply, settled: this.settled, wakeAt }
  }
}

export const done = { kind: 'done' } as const

/** What the client goes on with: the facts as they are once the markers are written. */
export const producerOf = ({ producerId, epoch, nextProducerId }: TransactionFacts) =>
  nextProducerId < 0
    ? ({ kind: 'producer', producerId, epoch } as const)
    : ({ kind: 'producer', producerId: nextProducerId, epoch: 0 } as const)

/** Throws INVALID_PRODUCER_ID_MAPPING or PRODUCER_FENCED for another producer than the current one. */
export const checkProducer = (
  facts: TransactionFacts,
  { producerId, epoch }: ProducerIdentity,
): void => {
  if (facts.producerId < 0 || producerId !== facts.producerId)
    throw kafkaError(
      'INVALID_PRODUCER_ID_MAPPING',
      `The transactional id does not belong to producer ${producerId}.`,
    )
  if (epoch !== facts.epoch)
    throw kafkaError(
      'PRODUCER_FENCED',
      `Producer ${producerId} has epoch ${facts.epoch}, not ${epoch}.`,
    )
}

/**
 * The refusal of whatever comes while a transaction is being ended: it is to be asked again. One for all,
 * because clients run into it with each transaction, and the stack of an error costs more than the decision.
 */
export const busy: Error = kafkaError(
  'CONCURRENT_TRANSACTIONS',
  'The transaction before this one is being ended.',
)

export const refused = (error: ErrorName, message: string) =>
  ({ kind: 'refused', error, message }) as const
