import { kafkaError } from '#model'
import { FindCoordinator, type ResponseInput } from '#protocol'
import { answerOf } from '#server'
import { type BrokerContext, handler } from './kit.ts'

type Answer = ResponseInput<typeof FindCoordinator>

const CoordinatorKind = { group: 0, transaction: 1, share: 2 } as const
/** The version from which several keys may be asked for (KIP-699). */
const keysSince = 4
/** The version that first knew the coordinators of share groups (KIP-932). */
const shareSince = 6

/** Names the broker that looks after a group or a transactional id: this one. Share groups have none yet. */
export const findCoordinator = handler(FindCoordinator, (request, context, { version }): Answer => {
  const found = find(request.keyType, version, context)
  if (version < keysSince) return found
  return { coordinators: request.coordinatorKeys.map((key) => ({ key, ...found })) }
})

const find = (keyType: number, version: number, { catalog, advertised }: BrokerContext) => {
  try {
    const isKnown =
      keyType === CoordinatorKind.group ||
      keyType === CoordinatorKind.transaction ||
      (keyType === CoordinatorKind.share && version >= shareSince)
    if (!isKnown)
      throw kafkaError('INVALID_REQUEST', `There are no coordinators of type ${keyType}.`)
    if (keyType === CoordinatorKind.share) throw kafkaError('COORDINATOR_NOT_AVAILABLE')
    return { errorCode: 0, errorMessage: null, nodeId: catalog.nodeId, ...advertised }
  } catch (error) {
    return { ...answerOf(error), nodeId: -1, host: '', port: -1 }
  }
}
