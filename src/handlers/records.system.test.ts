// Producing and fetching over the wire, version by version.
import { deepEqual, equal, match, notEqual, rejects } from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { codeOf, type ErrorName, zeroUuid } from '#model'
import {
  CreateTopics,
  DeleteTopics,
  Fetch,
  InitProducerId,
  ListOffsets,
  OffsetForLeaderEpoch,
  Produce,
  type RequestInput,
  versionsOf,
} from '#protocol'
import { type BatchOptions, buildBatch, Codec } from '#records'
import { type BoxedBroker, boxBroker, type WireClient } from '#testing'

let box: BoxedBroker
let client: WireClient
before(async () => {
  box = await boxBroker()
  client = await box.connect()
})
after(async () => {
  client.close()
  await box.remove()
})

interface Topic {
  name: string
  topicId: string
}
let topicCount = 0
/** A fresh topic, so that tests do not meet in one. */
const makeTopic = async (configs: Record<string, string> = {}, partitions = 1): Promise<Topic> => {
  topicCount += 1
  const name = `topic-${topicCount}`
  const { topics } = await client.request(CreateTopics, 7, {
    topics: [
      {
        name,
        numPartitions: partitions,
        replicationFactor: 1,
        assignments: [],
        configs: Object.entries(configs).map(([key, value]) => ({ name: key, value })),
      },
    ],
    timeoutMs: 1000,
  })
  equal(topics[0]?.errorCode, 0, topics[0]?.errorMessage ?? '')
  return { name, topicId: topics[0]!.topicId }
}

/** A batch of so many records of today. */
const batch = (count: number, options: BatchOptions = {}, value = 'value'): Buffer =>
  buildBatch(
    Array.from({ length: count }, (_, index) => ({
      timestampMs: 1_700_000_000_000 + index,
      key: Buffer.from(`k${index}`),
      value: Buffer.from(`${value}-${index}`),
    })),
    options,
  )

interface ProduceOptions {
  version?: number
  acks?: number
  partition?: number
  from?: WireClient
}
const produceRequest = (
  { name, topicId }: Topic,
  records: Uint8Array | null,
  { version = 13, acks = -1, partition = 0 }: ProduceOptions,
): RequestInput<typeof Produce> => ({
  transactionalId: null,
  acks,
  timeoutMs: 10_000,
  topicData: [
    {
      ...(version >= 13 ? { topicId } : { name }),
      partitionData: [{ index: partition, records }],
    },
  ],
})
const produce = async (topic: Topic, records: Uint8Array | null, options: ProduceOptions = {}) => {
  const { version = 13, from = client } = options
  const response = await from.request(Produce, version, produceRequest(topic, records, options))
  return response.responses[0]!.partitionResponses[0]!
}

interface FetchOptions {
  version?: number
  offset?: number
  partition?: number
  maxWaitMs?: number
  minBytes?: number
  maxBytes?: number
  partitionMaxBytes?: number
  epoch?: number
  lastEpoch?: number
  from?: WireClient
}
const fetchRequest = (topic: Topic, options: FetchOptions): RequestInput<typeof Fetch> => {
  const { version = 18 } = options
  return {
    maxWaitMs: options.maxWaitMs ?? 0,
    minBytes: options.minBytes ?? 1,
    maxBytes: options.maxBytes ?? 1e7,
    topics: [
      {
        ...(version >= 13 ? { topicId: topic.topicId } : { topic: topic.name }),
        partitions: [
          {
            partition: options.partition ?? 0,
            fetchOffset: options.offset ?? 0,
            partitionMaxBytes: options.partitionMaxBytes ?? 1e7,
            ...(version >= 9 && { currentLeaderEpoch: options.epoch ?? -1 }),
            ...(version >= 12 && { lastFetchedEpoch: options.lastEpoch ?? -1 }),
          },
        ],
      },
    ],
    forgottenTopicsData: [],
  }
}
const fetch = async (topic: Topic, options: FetchOptions = {}) => {
  const { version = 18, from = client } = options
  const response = await from.request(Fetch, version, fetchRequest(topic, options))
  return response.responses[0]!.partitions[0]!
}
const is = (actual: number | undefined, name: ErrorName): void => equal(actual, codeOf(name))
/** The part of a batch that the broker must keep: all but base offset and leader epoch. */
const kept = (bytes: Buffer): Buffer => Buffer.concat([bytes.subarray(8, 12), bytes.subarray(16)])

for (const version of versionsOf(Produce))
  test(`Produce v${version} stores a batch as it came`, async () => {
    const topic = await makeTopic()
    const sent = batch(3)
    const first = await produce(topic, sent, { version })
    deepEqual([first.errorCode, first.baseOffset], [0, 0])
    const second = await produce(topic, batch(2), { version, acks: 1 })
    deepEqual([second.errorCode, second.baseOffset], [0, 3])
    const read = await fetch(topic, { maxBytes: 1 })
    deepEqual(kept(read!.records as Buffer), kept(sent))
  })

for (const version of versionsOf(Fetch))
  test(`Fetch v${version} reads what was written, from any offset of a batch`, async () => {
    const topic = await makeTopic()
    await produce(topic, batch(10))
    for (const offset of [0, 5, 9]) {
      const read = await fetch(topic, { version, offset })
      equal(read.errorCode, 0)
      equal(read.highWatermark, 10)
      equal((read.records as Buffer).readBigInt64BE(0), 0n, 'the whole batch')
    }
    const atEnd = await fetch(topic, { version, offset: 10 })
    equal(atEnd.errorCode, 0)
    equal((atEnd.records as Buffer).length, 0)
    for (const offset of [11, -5]) {
      const beyond = await fetch(topic, { version, offset })
      is(beyond.errorCode, 'OFFSET_OUT_OF_RANGE')
    }
  })

test('every codec is kept as it came', async () => {
  for (const codec of [Codec.gzip, Codec.snappy, Codec.lz4, Codec.zstd]) {
    const topic = await makeTopic()
    const sent = batch(20, { codec })
    equal((await produce(topic, sent)).errorCode, 0)
    deepEqual(kept((await fetch(topic))!.records as Buffer), kept(sent))
  }
})

test('zstd is refused to those who speak a version from before it', async () => {
  const topic = await makeTopic({ 'compression.type': 'zstd' })
  const zstd = batch(1, { codec: Codec.zstd })
  is((await produce(topic, zstd, { version: 6 })).errorCode, 'UNSUPPORTED_COMPRESSION_TYPE')
  is((await fetch(topic, { version: 9 })).errorCode, 'UNSUPPORTED_COMPRESSION_TYPE')
  equal((await fetch(topic, { version: 10 })).errorCode, 0)
})

test('acks=0 is not answered, and the next answer is that of the next request', async () => {
  const topic = await makeTopic()
  const { encodeRequestFrame } = await import('#protocol')
  const from = await box.connect()
  const sender = { correlationId: 99, clientId: null }
  from.send(encodeRequestFrame(Produce, 13, sender, produceRequest(topic, batch(1), { acks: 0 })))
  const answered = await produce(topic, batch(1), { from })
  deepEqual([answered.errorCode, answered.baseOffset], [0, 1])
  from.close()
})

test('an error under acks=0 closes the connection', async () => {
  const from = await box.connect()
  const nowhere = { name: 'nowhere', topicId: 'AAAAAAAAAAAAAAAAAAAABA' }
  await rejects(produce(nowhere, batch(1), { acks: 0, from }), /closed/)
})

test('what cannot be stored is refused with the reason', async () => {
  const topic = await makeTopic({ 'max.message.bytes': '1000' })
  const refuse = async (records: Buffer | null, name: ErrorName, options: ProduceOptions = {}) => {
    const answer = await produce(topic, records, options)
    is(answer.errorCode, name)
    equal(answer.baseOffset, -1)
  }
  await refuse(batch(1), 'INVALID_REQUIRED_ACKS', { acks: 2 })
  await refuse(batch(1), 'UNKNOWN_TOPIC_OR_PARTITION', { partition: 7 })
  await refuse(batch(1), 'UNKNOWN_TOPIC_OR_PARTITION', { partition: -1 })
  await refuse(null, 'INVALID_RECORD')
  await refuse(Buffer.alloc(0), 'INVALID_RECORD')
  await refuse(Buffer.concat([batch(1), batch(1)]), 'INVALID_RECORD')
  await refuse(batch(100), 'MESSAGE_TOO_LARGE')
  await refuse(
    batch(1, { isTransactional: true, producerId: 5, producerEpoch: 0, baseSequence: 0 }),
    'INVALID_TXN_STATE',
  )
  await refuse(batch(1, { isControl: true }), 'INVALID_RECORD')
  const flipped = batch(1)
  flipped[70]! ^= 1
  await refuse(flipped, 'CORRUPT_MESSAGE')
  const old = batch(1)
  old[16] = 1
  await refuse(old, 'INVALID_RECORD')
  const nowhere = { name: 'nowhere', topicId: 'AAAAAAAAAAAAAAAAAAAABA' }
  is((await produce(nowhere, batch(1))).errorCode, 'UNKNOWN_TOPIC_ID')
  is((await produce(nowhere, batch(1), { version: 9 })).errorCode, 'UNKNOWN_TOPIC_OR_PARTITION')
  equal((await fetch(topic)).highWatermark, 0)
})

test('records without a key are named one by one on a compacted topic', async () => {
  const topic = await makeTopic({ 'cleanup.policy': 'compact' })
  const record = { timestampMs: 1_700_000_000_000, value: Buffer.from('v') }
  const keyless = buildBatch([
    { ...record, key: Buffer.from('k') },
    { ...record, key: null },
  ])
  const answer = await produce(topic, keyless)
  is(answer.errorCode, 'INVALID_RECORD')
  deepEqual(
    answer.recordErrors.map(({ batchIndex }) => batchIndex),
    [1],
  )
  match(answer.recordErrors[0]?.batchIndexErrorMessage ?? '', /key/)
})

test('times out of bounds are refused, and LogAppendTime puts its own', async () => {
  const bounded = await makeTopic({ 'message.timestamp.before.max.ms': '1000' })
  is((await produce(bounded, batch(1))).errorCode, 'INVALID_TIMESTAMP')
  const stamped = await makeTopic({ 'message.timestamp.type': 'LogAppendTime' })
  const before = Date.now()
  const answer = await produce(stamped, batch(1))
  equal(answer.errorCode, 0)
  equal(answer.logAppendTimeMs >= before, true)
  const { topics } = await client.request(ListOffsets, 11, {
    replicaId: -1,
    isolationLevel: 0,
    topics: [{ name: stamped.name, partitions: [{ partitionIndex: 0, timestamp: before }] }],
  })
  equal(topics[0]?.partitions[0]?.timestamp, answer.logAppendTimeMs)
})

test('an idempotent producer has its duplicates recognised and its gaps refused', async () => {
  const topic = await makeTopic()
  const { producerId: id } = await client.request(InitProducerId, 5, {
    transactionalId: null,
    transactionTimeoutMs: 0,
  })
  const producerId = Number(id)
  const send = (baseSequence: number, count: number, producerEpoch = 0) =>
    produce(topic, batch(count, { producerId, producerEpoch, baseSequence }))
  equal((await send(0, 2)).baseOffset, 0)
  equal((await send(2, 3)).baseOffset, 2)
  const again = await send(0, 2)
  deepEqual([again.errorCode, again.baseOffset], [0, 0])
  is((await send(9, 1)).errorCode, 'OUT_OF_ORDER_SEQUENCE_NUMBER')
  equal((await send(0, 1, 1)).baseOffset, 5)
  is((await send(5, 1, 0)).errorCode, 'INVALID_PRODUCER_EPOCH')
})

for (const version of [0, 1, 2, 3, 4, 5])
  test(`InitProducerId v${version} gives each producer its own id`, async () => {
    const ask = () =>
      client.request(InitProducerId, version, { transactionalId: null, transactionTimeoutMs: 0 })
    const [one, two] = [await ask(), await ask()]
    equal(one.errorCode, 0)
    notEqual(one.producerId, two.producerId)
  })

test('a fetch waits for bytes and is answered when they come', async () => {
  const topic = await makeTopic()
  const from = await box.connect()
  const waiting = fetch(topic, { from, maxWaitMs: 60_000 })
  await produce(topic, batch(1))
  equal((await waiting).highWatermark, 1)
  from.close()
})

test('a fetch waits for as many bytes as it wants', async () => {
  const topic = await makeTopic()
  const from = await box.connect()
  const size = batch(1).length
  const waiting = fetch(topic, { from, maxWaitMs: 60_000, minBytes: 3 * size })
  for (let count = 0; count < 3; count += 1) await produce(topic, batch(1))
  equal(((await waiting).records as Buffer).length, 3 * size)
  from.close()
})

test('a fetch that waits in vain is answered empty', async () => {
  const topic = await makeTopic()
  const read = await fetch(topic, { maxWaitMs: 20 })
  deepEqual([read.errorCode, (read.records as Buffer).length], [0, 0])
})

test('a fetch that waits hears when its topic is deleted', async () => {
  const topic = await makeTopic()
  const from = await box.connect()
  const waiting = fetch(topic, { from, maxWaitMs: 60_000 })
  await client.request(DeleteTopics, 6, {
    topics: [{ name: topic.name, topicId: zeroUuid }],
    timeoutMs: 1000,
  })
  notEqual((await waiting).errorCode, 0)
  from.close()
})

test('the first batch comes whole, and later ones only within the limits', async () => {
  const topic = await makeTopic()
  for (let count = 0; count < 5; count += 1) await produce(topic, batch(1))
  const size = batch(1).length
  const sizeOf = async (options: FetchOptions) =>
    ((await fetch(topic, options)).records as Buffer).length
  equal(await sizeOf({ maxBytes: 1 }), size)
  equal(await sizeOf({ partitionMaxBytes: 1 }), size)
  equal(await sizeOf({ partitionMaxBytes: 3 * size }), 3 * size)
  equal(await sizeOf({ offset: 3 }), 2 * size)
})

test('a leader epoch that is not the present one is refused', async () => {
  const topic = await makeTopic()
  is((await fetch(topic, { epoch: 7 })).errorCode, 'UNKNOWN_LEADER_EPOCH')
  equal((await fetch(topic, { epoch: 0 })).errorCode, 0)
})

test('a fetch session names only what changed', async () => {
  const topic = await makeTopic({}, 2)
  const from = await box.connect()
  const partition = (index: number) => ({
    partition: index,
    fetchOffset: 0,
    partitionMaxBytes: 1e6,
    currentLeaderEpoch: -1,
  })
  const ask = (sessionId: number, sessionEpoch: number, partitions: object[] = []) =>
    from.request(Fetch, 17, {
      maxWaitMs: 0,
      minBytes: 1,
      sessionId,
      sessionEpoch,
      topics: partitions.length
        ? [{ topicId: topic.topicId, partitions: partitions as ReturnType<typeof partition>[] }]
        : [],
      forgottenTopicsData: [],
    })
  const opened = await ask(0, 0, [partition(0), partition(1)])
  notEqual(opened.sessionId, 0)
  equal(opened.responses[0]?.partitions.length, 2)
  equal((await ask(opened.sessionId, 1)).responses.length, 0)
  await produce(topic, batch(1), { partition: 1 })
  const changed = await ask(opened.sessionId, 2)
  deepEqual(
    changed.responses[0]?.partitions.map(({ partitionIndex }) => partitionIndex),
    [1],
  )
  is((await ask(opened.sessionId, 9)).errorCode, 'INVALID_FETCH_SESSION_EPOCH')
  is((await ask(opened.sessionId + 1, 1)).errorCode, 'FETCH_SESSION_ID_NOT_FOUND')
  const closed = await ask(opened.sessionId, -1, [partition(0)])
  equal(closed.sessionId, 0)
  is((await ask(opened.sessionId, 3)).errorCode, 'FETCH_SESSION_ID_NOT_FOUND')
  from.close()
})

for (const version of versionsOf(ListOffsets))
  test(`ListOffsets v${version} finds both ends and the first record since a time`, async () => {
    const topic = await makeTopic()
    await produce(topic, batch(5))
    await produce(topic, batch(5, { codec: Codec.gzip }))
    const at = async (timestamp: number) => {
      const { topics } = await client.request(ListOffsets, version, {
        replicaId: -1,
        ...(version >= 2 ? { isolationLevel: 0 } : { isolationLevel: 0 }),
        topics: [{ name: topic.name, partitions: [{ partitionIndex: 0, timestamp }] }],
      })
      return topics[0]!.partitions[0]!
    }
    equal((await at(-1)).offset, 10)
    equal((await at(-2)).offset, 0)
    const found = await at(1_700_000_000_003)
    deepEqual([found.offset, found.timestamp], [3, 1_700_000_000_003])
    equal((await at(1_700_000_000_005)).offset, -1)
    const newest = await at(-3)
    if (version >= 7) deepEqual([newest.offset, newest.timestamp], [4, 1_700_000_000_004])
    else is(newest.errorCode, 'UNSUPPORTED_VERSION')
    if (version >= 4) equal((await at(-1)).leaderEpoch, 0)
    is((await at(-9)).errorCode, 'UNSUPPORTED_VERSION')
  })

test('a time is searched for inside a compressed batch too', async () => {
  const topic = await makeTopic()
  await produce(topic, batch(5, { codec: Codec.zstd }))
  const { topics } = await client.request(ListOffsets, 11, {
    replicaId: -1,
    isolationLevel: 0,
    topics: [
      { name: topic.name, partitions: [{ partitionIndex: 0, timestamp: 1_700_000_000_002 }] },
    ],
  })
  equal(topics[0]?.partitions[0]?.offset, 2)
})

for (const version of versionsOf(OffsetForLeaderEpoch))
  test(`OffsetForLeaderEpoch v${version} says where an epoch ends`, async () => {
    const topic = await makeTopic()
    await produce(topic, batch(4))
    const ask = async (leaderEpoch: number, currentLeaderEpoch = -1) => {
      const { topics } = await client.request(OffsetForLeaderEpoch, version, {
        topics: [
          { topic: topic.name, partitions: [{ partition: 0, currentLeaderEpoch, leaderEpoch }] },
        ],
      })
      return topics[0]!.partitions[0]!
    }
    const now = await ask(0)
    deepEqual([now.errorCode, now.leaderEpoch, now.endOffset], [0, 0, 4])
    equal((await ask(5)).endOffset, -1)
    is((await ask(0, 3)).errorCode, 'UNKNOWN_LEADER_EPOCH')
  })

test('records and topics are there after a restart, in a higher leader epoch', async () => {
  const own = await boxBroker()
  const first = await own.connect()
  const { topics } = await first.request(CreateTopics, 7, {
    topics: [
      { name: 'kept', numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] },
    ],
    timeoutMs: 1000,
  })
  const topic = { name: 'kept', topicId: topics[0]!.topicId }
  const ids = { producerId: 1, producerEpoch: 0 }
  await produce(topic, batch(3, { ...ids, baseSequence: 0 }), { from: first })
  await own.restart()
  const second = await own.connect()
  const read = await fetch(topic, { from: second })
  equal(read.highWatermark, 3)
  is((await fetch(topic, { from: second, epoch: 0 })).errorCode, 'FENCED_LEADER_EPOCH')
  equal((await fetch(topic, { from: second, epoch: 1 })).errorCode, 0)
  const duplicate = await produce(topic, batch(3, { ...ids, baseSequence: 0 }), { from: second })
  deepEqual([duplicate.errorCode, duplicate.baseOffset], [0, 0])
  await produce(topic, batch(2), { from: second })
  const behind = { from: second, offset: 5, lastEpoch: 0 }
  is((await fetch(topic, { ...behind, epoch: 0 })).errorCode, 'FENCED_LEADER_EPOCH')
  const parted = await fetch(topic, { ...behind, epoch: 1 })
  deepEqual([parted.errorCode, parted.divergingEpoch], [0, { epoch: 0, endOffset: 3 }])
  deepEqual([parted.highWatermark, parted.lastStableOffset, parted.logStartOffset], [5, 5, 0])
  is((await fetch(topic, { ...behind, lastEpoch: 99 })).errorCode, 'OFFSET_OUT_OF_RANGE')
  second.close()
  await own.remove()
})
