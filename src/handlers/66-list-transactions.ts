import { type ListedTransaction, patternMatcher, transactionPhases } from '#coordinators'
import { ListTransactions, type RequestOf } from '#protocol'
import { handler } from './kit.ts'

type Request = RequestOf<typeof ListTransactions>

/**
 * Lists the transactional ids: those in some states, of some producers (KIP-664), open for longer than a
 * time (KIP-994), or with ids that match a pattern (KIP-1152).
 */
export const listTransactions = handler(
  ListTransactions,
  async (request, { transactions, clock }) => {
    const isAsked = filterOf(request, clock.nowMs())
    const listed = await transactions.list()
    return {
      errorCode: 0,
      unknownStateFilters: request.stateFilters.filter((state) => !knownStates.has(state)),
      transactionStates: listed.filter(isAsked).map(({ transactionalId, producerId, phase }) => ({
        transactionalId,
        producerId: BigInt(producerId),
        transactionState: phase,
      })),
    }
  },
)

const knownStates: ReadonlySet<string> = new Set(transactionPhases)

const filterOf = (
  { stateFilters, producerIdFilters, durationFilter, transactionalIdPattern }: Request,
  nowMs: number,
): ((listed: ListedTransaction) => boolean) => {
  const states: ReadonlySet<string> = new Set(stateFilters)
  const producerIds = new Set(producerIdFilters.map(Number))
  const matches = transactionalIdPattern
    ? patternMatcher(transactionalIdPattern, 'TransactionalIdPattern')
    : () => true
  return ({ transactionalId, producerId, phase, startedAtMs }) =>
    (states.size === 0 || states.has(phase)) &&
    (producerIds.size === 0 || producerIds.has(producerId)) &&
    (durationFilter < 0 || (startedAtMs >= 0 && nowMs - startedAtMs > durationFilter)) &&
    matches(transactionalId)
}
