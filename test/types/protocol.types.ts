// What the compiler must infer from a schema, and what it must refuse. Nothing here runs: `tsc` is
// the test, and a line marked @ts-expect-error which is right after all is an error.
import {
  type Api,
  type Exact,
  encodeResponse,
  Fetch,
  type InitProducerId,
  ListOffsets,
  type Metadata,
  type Produce,
  type RequestInput,
  type RequestOf,
  type ResponseInput,
  type ResponseOf,
} from '#protocol'

type Same<One, Other> =
  (<T>() => T extends One ? 1 : 2) extends <T>() => T extends Other ? 1 : 2 ? true : false
const holds = <_Claim extends true>(): void => undefined

// A decoded message has every field, whatever its version had.
type ListedPartition = RequestOf<typeof ListOffsets>['topics'][number]['partitions'][number]
holds<Same<ListedPartition['timestamp'], number>>()
holds<Same<ListedPartition['currentLeaderEpoch'], number>>()
type AskedTopics = RequestOf<typeof Metadata>['topics']
holds<Same<Extract<AskedTopics, null>, null>>()
holds<Same<NonNullable<AskedTopics>[number]['name'], string | null>>()
holds<Same<RequestOf<typeof InitProducerId>['producerId'], bigint>>()
holds<Same<RequestOf<typeof Produce>['transactionalId'], string | null>>()
type ProducedPartition = RequestOf<typeof Produce>['topicData'][number]['partitionData'][number]
holds<Same<ProducedPartition['records'], Buffer | null>>()
type FetchedPartition = ResponseOf<typeof Fetch>['responses'][number]['partitions'][number]
holds<Same<FetchedPartition['currentLeader']['leaderId'], number>>()

declare const request: RequestOf<typeof ListOffsets>
// @ts-expect-error: no such field
request.topic
// @ts-expect-error: a string is no number
request.replicaId satisfies string

// What was decoded can be encoded again.
request satisfies RequestInput<typeof ListOffsets>

// To be encoded, a field needs to be there only if it has no default and every version has it.
const answer: ResponseInput<typeof ListOffsets> = {
  topics: [{ name: 'orders', partitions: [{ partitionIndex: 0 }] }],
}
// @ts-expect-error: a topic needs its name
answer.topics satisfies { name: number }[]
// @ts-expect-error: the list of topics is missing
encodeResponse(ListOffsets, 1, {})
// @ts-expect-error: a surplus field in a literal
encodeResponse(ListOffsets, 1, { topics: [], throttleMs: 0 })
// @ts-expect-error: an offset is a number
answer.topics[0]!.partitions[0] satisfies { offset: bigint }
// @ts-expect-error: null where none is allowed
encodeResponse(ListOffsets, 1, { topics: null })
// Record batches may come in pieces.
const fetched: ResponseInput<typeof Fetch>['responses'][number]['partitions'][number] = {
  partitionIndex: 0,
  highWatermark: 0,
  abortedTransactions: null,
  records: [new Uint8Array(61), Buffer.alloc(61)],
}
encodeResponse(Fetch, 4, { responses: [{ partitions: [fetched] }] })

// A function's reply is held to the shape, key by key, also where no literal stands in its place.
declare function handler<A extends Api, Reply extends ResponseInput<A> | Promise<ResponseInput<A>>>(
  api: A,
  serve: (request: RequestOf<A>) => Exact<ResponseInput<A>, Reply>,
): void

handler(ListOffsets, (asked) => ({
  topics: asked.topics.map(({ name }) => ({
    name,
    partitions: [{ partitionIndex: 0, offset: 3 }],
  })),
}))
handler(ListOffsets, async () => answer)
const either = Math.random() < 0.5 ? { offset: 3, timestamp: 5 } : { errorCode: 3 }
handler(ListOffsets, async () => ({
  topics: [{ name: 'orders', partitions: [{ partitionIndex: 0, ...either }] }],
}))
handler(ListOffsets, (asked) => {
  if (asked.topics.length === 0) return { topics: [] }
  return { topics: [], throttleTimeMs: 5 }
})
handler(ListOffsets, async (asked) => {
  if (asked.topics.length === 0) return { topics: [] }
  return { topics: [], throttleTimeMs: 5 }
})

const misspelt = [{ name: 'orders', partitions: [{ partitionIndex: 0, ofset: 3 }] }]
// @ts-expect-error: a misspelt field deep within the reply
handler(ListOffsets, () => ({ topics: misspelt }))
// @ts-expect-error: a misspelt field in the reply of an asynchronous function
handler(ListOffsets, async () => ({ topics: [], throttleTime: 3 }))
// @ts-expect-error: a misspelt field in one of two replies
handler(ListOffsets, async (asked) => {
  if (asked.topics.length === 0) return { topics: [], throttleTime: 5 }
  return { topics: [] }
})
const wrong = Math.random() < 0.5 ? { offset: 3 } : { error: 3 }
const halfWrong = [{ name: 'orders', partitions: [{ partitionIndex: 0, ...wrong }] }]
// @ts-expect-error: a misspelt field in one of two answers of a partition
handler(ListOffsets, async () => ({ topics: halfWrong }))
// @ts-expect-error: a reply of the wrong type
handler(ListOffsets, async () => ({ topics: [{ name: 3, partitions: [] }] }))
