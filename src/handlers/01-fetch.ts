// Fetch: reads what is there, or waits until enough is. The reading happens when the answer is due,
// so a parked fetch holds no bytes; readers of one position share what the log reads for them.
import type { ReadOutcome } from '#log'
import { IsolationLevel, type KafkaError } from '#model'
import { Fetch, type RequestOf, type ResponseInput } from '#protocol'
import { answerOf, type Call } from '#server'
import type { FetchSession } from './fetch/sessions.ts'
import { type Divergence, isUrgent, type Target, targetOf } from './fetch/targets.ts'
import { type WantedPartitions, wantedPartitions } from './fetch/wanted.ts'
import { type BrokerContext, handler } from './kit.ts'

type Request = RequestOf<typeof Fetch>
type Response = ResponseInput<typeof Fetch>
type TopicAnswer = Response['responses'][number]
type PartitionAnswer = TopicAnswer['partitions'][number]

/** A fetch on its way. */
interface Job {
  request: Request
  call: Call
  context: BrokerContext
  wanted: WantedPartitions
  targets: readonly Target[]
  committedOnly: boolean
}

/** Answers at once when there is enough, something failed, or nobody wants to wait; else later. */
export const fetch = handler(
  Fetch,
  (request, context, call): Response | Promise<Response> => {
    const job = begin(request, context, call)
    if (!('targets' in job)) return job
    const missingBytes = missing(job)
    return missingBytes > 0 ? waitAndAnswer(job, missingBytes) : answer(job)
  },
  { twoStage: true },
)

const begin = (request: Request, context: BrokerContext, call: Call): Job | Response => {
  try {
    const wanted = wantedPartitions(request, call.version, context.fetchSessions)
    return {
      request,
      call,
      context,
      wanted,
      targets: wanted.partitions.map((partition) => targetOf(partition, call.version, context)),
      committedOnly: request.isolationLevel === IsolationLevel.readCommitted,
    }
  } catch (error) {
    return { errorCode: answerOf(error).errorCode, responses: [] }
  }
}

/** Bytes that are still to come before an answer is worth it; 0 or less when it is due. */
const missing = ({ request, context, call, targets, committedOnly }: Job): number => {
  if (targets.length === 0 || request.maxWaitMs <= 0) return 0
  if (targets.some((target) => isUrgent(target, context))) return 0
  // Without room for an answer its time is all that is left to wait for.
  if (call.peer.responseRoomBytes === 0) return Number.MAX_SAFE_INTEGER
  const wantedBytes = Math.min(request.minBytes, request.maxBytes)
  let readable = 0
  for (const { id, wanted } of targets) {
    readable += context.logs.readableBytes(id, wanted.fetchOffset, committedOnly)
    if (readable >= wantedBytes) return 0
  }
  return wantedBytes - readable
}

const waitAndAnswer = async (job: Job, missingBytes: number): Promise<Response> => {
  // A marker is few bytes, and lets readers of committed records see many.
  const atMost = job.committedOnly ? 1 : Number.POSITIVE_INFINITY
  const { woken, cancel } = job.context.fetchWaits.park({
    partitions: job.targets.map(({ id }) => id),
    missingBytes: Math.min(missingBytes, atMost),
    maxWaitMs: job.request.maxWaitMs,
    recount: () => Math.min(missing(job), atMost),
  })
  const takeOff = job.call.peer.onClose(cancel)
  await woken
  takeOff()
  return answer(job)
}

const answer = async (job: Job): Promise<Response> => {
  const { request, context, call, targets, committedOnly } = job
  const readable = targets.filter(({ error, divergence }) => !error && !divergence)
  const bytesMax = Math.min(
    request.maxBytes,
    context.settings['fetch.max.bytes'],
    call.peer.responseRoomBytes,
  )
  const outcomes = await context.logs.read(
    readable.map(({ id, wanted }) => ({
      ...id,
      offset: wanted.fetchOffset,
      bytesMax: Math.max(0, wanted.bytesMax), // Any number may come over the wire.
      currentLeaderEpoch: wanted.currentLeaderEpoch,
      committedOnly,
    })),
    Math.max(0, bytesMax),
  )
  let next = 0
  const answers = targets.map((target) => {
    if (target.error) return failed(target, target.error)
    if (target.divergence) return parted(target, target.divergence, context)
    next += 1
    return found(target, outcomes[next - 1]!)
  })
  return told(job, answers)
}

const failed = ({ wanted }: Target, error: KafkaError): PartitionAnswer => ({
  partitionIndex: wanted.partition,
  errorCode: error.code,
  highWatermark: -1,
  abortedTransactions: null,
  records: empty,
})

/** Where the logs part, with what the partition reaches. */
const parted = (
  { wanted, id }: Target,
  divergingEpoch: Divergence,
  { logs }: BrokerContext,
): PartitionAnswer => {
  const bounds = logs.bounds(id)
  return {
    partitionIndex: wanted.partition,
    highWatermark: bounds?.highWatermark ?? -1,
    lastStableOffset: bounds?.lastStable ?? -1,
    logStartOffset: bounds?.logStart ?? -1,
    divergingEpoch,
    abortedTransactions: null,
    records: empty,
  }
}

const found = ({ wanted }: Target, outcome: ReadOutcome): PartitionAnswer => ({
  partitionIndex: wanted.partition,
  errorCode: outcome.error?.code ?? 0,
  highWatermark: outcome.highWatermark,
  lastStableOffset: outcome.lastStable,
  logStartOffset: outcome.logStart,
  abortedTransactions: outcome.aborted,
  records: outcome.recordsSize > 0 ? outcome.records : empty,
})

/** "No data" is no bytes and not null, which several clients take for corruption. */
const empty = Buffer.alloc(0)

/** The answer in the form of its session: everything, or what changed since the last one. */
const told = ({ wanted, targets, context, call }: Job, answers: PartitionAnswer[]): Response => {
  const opened = wanted.wantsSession
    ? context.fetchSessions.create(wanted.partitions, call.version >= 13)
    : undefined
  const session = wanted.session ?? opened
  const topics = new Map<
    string,
    { topic: string; topicId: string; partitions: PartitionAnswer[] }
  >()
  targets.forEach((target, index) => {
    const partitionAnswer = answers[index]!
    const changed = session ? tell(session, target, partitionAnswer) : true
    if (!changed && wanted.session) return
    const { topic, topicId } = target.wanted
    const key = `${topicId}/${topic}`
    const entry = topics.get(key)
    if (entry) entry.partitions.push(partitionAnswer)
    else topics.set(key, { topic, topicId, partitions: [partitionAnswer] })
  })
  return { sessionId: session?.id ?? 0, responses: [...topics.values()] }
}

const tell = (session: FetchSession, { wanted }: Target, said: PartitionAnswer): boolean =>
  session.tell(wanted, {
    failed: said.errorCode !== 0 || said.divergingEpoch !== undefined,
    recordsSize: said.records === empty ? 0 : 1,
    highWatermark: said.highWatermark,
    logStart: said.logStartOffset ?? -1,
  })
