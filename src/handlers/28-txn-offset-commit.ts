import type { CommittedOffset } from '#coordinators'
import { codeOf, type ErrorName, KafkaError, kafkaError } from '#model'
import { type RequestOf, TxnOffsetCommit } from '#protocol'
import { checkedOffset } from './groups/checked-offset.ts'
import { type BrokerContext, handler } from './kit.ts'
import { askingOf } from './transactions/asking.ts'
import { transactionErrorName } from './transactions/errors.ts'

type Request = RequestOf<typeof TxnOffsetCommit>
type Partition = Request['topics'][number]['partitions'][number]

/** The version from which the group is added to the transaction where it is missing (KIP-890). */
const addsSince = 5

/**
 * Keeps how far a group has read until the transaction is decided. The offsets are taken in the moment in
 * which the group says that the member may commit, so that whoever owns the partitions next finds them
 * pending (KIP-447).
 */
export const txnOffsetCommit = handler(TxnOffsetCommit, async (request, context, { version }) => {
  const accepted: CommittedOffset[] = []
  const refused = new Map<Partition, ErrorName>()
  for (const { name, partitions } of request.topics)
    for (const partition of partitions)
      try {
        const topic = context.catalog.named(name)
        const { partitionIndex } = partition
        if (!topic || partitionIndex < 0 || partitionIndex >= topic.partitionCount)
          throw kafkaError('UNKNOWN_TOPIC_OR_PARTITION')
        const at = { committedAtMs: Math.floor(context.clock.nowMs()), expiresAtMs: null }
        accepted.push({ topicId: topic.id, ...at, ...checkedOffset(partition, context) })
      } catch (error) {
        if (!(error instanceof KafkaError)) throw error
        refused.set(partition, error.errorName)
      }
  const error = accepted.length > 0 ? await pend(request, accepted, context, version) : null
  return {
    topics: request.topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map((partition) => {
        const reason = refused.get(partition) ?? error
        const { partitionIndex } = partition
        return { partitionIndex, errorCode: reason === null ? 0 : codeOf(reason) }
      }),
    })),
  }
})

const pend = async (
  request: Request,
  offsets: readonly CommittedOffset[],
  { groups, transactions }: BrokerContext,
  version: number,
): Promise<ErrorName | null> => {
  const { groupId, memberId, generationId, groupInstanceId: instanceId } = request
  const adds = version >= addsSince
  try {
    if (groupId === '') throw kafkaError('INVALID_GROUP_ID')
    const asking = askingOf(request)
    await transactions.checkPend(asking, groupId, adds)
    const committer = { memberId, instanceId, generationId, transactional: true, version }
    let pended: Promise<void> | undefined
    const checked = groups.checkCommit(groupId, committer, offsets, () => {
      pended = transactions.pend(asking, groupId, offsets, adds)
      // Who is not waited for below, because the group's own change is lost, has nobody else to hear it.
      pended.catch(() => undefined)
    })
    await checked
    await pended
    return null
  } catch (error) {
    if (!(error instanceof KafkaError)) throw error
    return errorFor(error.errorName, version)
  }
}

/** Clients that add groups themselves take a busy transaction for an error of their own. */
const errorFor = (name: ErrorName, version: number): ErrorName => {
  if (name === 'STALE_MEMBER_EPOCH') return 'ILLEGAL_GENERATION'
  if (name === 'CONCURRENT_TRANSACTIONS' && version < addsSince) return 'COORDINATOR_NOT_AVAILABLE'
  return transactionErrorName(name, 'TxnOffsetCommit', version)
}
