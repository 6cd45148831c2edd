// What the log says of transactions over the wire: markers by an administrator's word, producers with their
// open transactions, and readers of either isolation.
import { deepEqual, equal, ok } from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { codeOf, type ErrorName, errorNameOf, SpecialTime } from '#model'
import { DescribeProducers, Fetch, ListOffsets, versionsOf, WriteTxnMarkers } from '#protocol'
import {
  type BoxedBroker,
  boxBroker,
  createTopic,
  readCommitted,
  type Topic,
  TransactionalClient,
  until,
  type WireClient,
} from '#testing'

let box: BoxedBroker
let client: WireClient
before(async () => {
  box = await boxBroker([])
  client = await box.connect()
})
after(async () => {
  client.close()
  await box.remove()
})

let count = 0
const begin = async (configs: Record<string, string> = {}) => {
  count += 1
  const topic = await createTopic(client, `marked-${count}`, { partitions: 2, configs })
  const producer = new TransactionalClient(client, `marking-${count}`, 2)
  await producer.init()
  return { topic, producer }
}

const describe = async ({ name }: Topic, ...partitionIndexes: number[]) => {
  const asked = { topics: [{ name, partitionIndexes }] }
  return (await client.request(DescribeProducers, 0, asked)).topics[0]!.partitions
}

interface Said {
  commit?: boolean
  version?: number
  epoch?: number
  coordinatorEpoch?: number
  partitions?: number[]
}

const write = async (
  { name }: Topic,
  { producerId, epoch }: TransactionalClient,
  said: Said = {},
): Promise<ErrorName[]> => {
  const version = said.version ?? 1
  const marker = {
    producerId,
    producerEpoch: said.epoch ?? epoch,
    transactionResult: said.commit ?? false,
    topics: [{ name, partitionIndexes: said.partitions ?? [0] }],
    coordinatorEpoch: said.coordinatorEpoch ?? 0,
    ...(version >= 2 && { transactionVersion: 2 }),
  }
  const { markers } = await client.request(WriteTxnMarkers, version, { markers: [marker] })
  equal(markers[0]!.producerId, producerId)
  return markers[0]!.topics[0]!.partitions.map(({ errorCode }) => errorNameOf(errorCode))
}

test('a producer is described with where its open transaction begins (KIP-664)', async () => {
  const { topic, producer } = await begin()
  await producer.produce(topic, 0, ['a', 'b'])
  await producer.end(true)
  await producer.produce(topic, 0, ['c'])
  const [one, other, unknown] = await describe(topic, 0, 1, 9)
  equal(one!.errorCode, 0)
  const [state] = one!.activeProducers
  equal(state!.producerId, producer.producerId)
  equal(state!.producerEpoch, 1)
  equal(state!.lastSequence, 0)
  equal(state!.currentTxnStartOffset, 3)
  equal(state!.coordinatorEpoch, 0)
  ok(state!.lastTimestamp > 1.7e12)
  deepEqual(other!.activeProducers, [])
  equal(unknown!.errorCode, codeOf('UNKNOWN_TOPIC_OR_PARTITION'))
  await producer.end(false)
})

for (const version of versionsOf(WriteTxnMarkers))
  test(`WriteTxnMarkers v${version} ends a transaction that hangs`, async () => {
    const { topic, producer } = await begin()
    await producer.produce(topic, 0, ['gone'])
    equal((await readCommitted(client, topic)).lastStable, 0)
    const raised = { version, epoch: producer.epoch + version - 1, partitions: [0, 1, 7] }
    deepEqual(await write(topic, producer, raised), ['NONE', 'NONE', 'UNKNOWN_TOPIC_OR_PARTITION'])
    const { lastStable, highWatermark, values } = await readCommitted(client, topic)
    equal(lastStable, 2)
    equal(highWatermark, 2)
    deepEqual(values, [])
    const [described] = await describe(topic, 0)
    equal(described!.activeProducers[0]!.currentTxnStartOffset, -1)
  })

test('a marker that comes too late, of an older coordinator, or of nobody is refused', async () => {
  const { topic, producer } = await begin()
  await producer.produce(topic, 0, ['a'])
  const old = { version: 2 }
  deepEqual(await write(topic, producer, old), ['INVALID_PRODUCER_EPOCH'])
  deepEqual(await write(topic, producer, { epoch: -1 }), ['INVALID_REQUEST'])
  deepEqual(await write(topic, producer, { coordinatorEpoch: 3 }), ['NONE'])
  deepEqual(await write(topic, producer), ['TRANSACTION_COORDINATOR_FENCED'])
  // The broker's own coordinator is not fenced by what an administrator says.
  await producer.end(true)
  deepEqual((await readCommitted(client, topic)).values, [])
})

test('ends and times are found below the last stable offset by readers of committed records', async () => {
  const { topic, producer } = await begin()
  await producer.produce(topic, 0, ['a'])
  await producer.end(true)
  await producer.produce(topic, 0, ['b'])
  for (const version of versionsOf(ListOffsets).filter((each) => each >= 7)) {
    const find = async (timestamp: number, isolationLevel: number) => {
      const partitions = [{ partitionIndex: 0, timestamp, currentLeaderEpoch: -1 }]
      const { topics } = await client.request(ListOffsets, version, {
        replicaId: -1,
        isolationLevel,
        topics: [{ name: topic.name, partitions }],
        ...(version >= 10 && { timeoutMs: 1000 }),
      })
      return topics[0]!.partitions[0]!.offset
    }
    deepEqual([await find(SpecialTime.latest, 0), await find(SpecialTime.latest, 1)], [3, 2])
    deepEqual([await find(SpecialTime.earliest, 1), await find(0, 1)], [0, 0])
    equal(await find(1.6e12, 1), 1, 'the marker is a record, too, as in Kafka')
  }
  await producer.end(false)
})

test('a reader of committed records who waits for many bytes is woken by the marker', async () => {
  const { topic, producer } = await begin()
  const reader = await box.connect()
  try {
    const fetched = reader.request(Fetch, 18, {
      maxWaitMs: 60_000,
      minBytes: 1000,
      maxBytes: 1e6,
      isolationLevel: 1,
      topics: [
        {
          topicId: topic.topicId,
          partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1e6 }],
        },
      ],
      forgottenTopicsData: [],
    })
    await producer.produce(topic, 0, ['x'.repeat(2000)])
    await producer.end(true)
    const answer = (await fetched).responses[0]!.partitions[0]!
    equal(answer.lastStableOffset, 2)
    ok(Buffer.concat([answer.records ?? []].flat()).length > 2000)
    deepEqual(answer.abortedTransactions, [])
  } finally {
    reader.close()
  }
})

for (const version of versionsOf(Fetch))
  test(`Fetch v${version} tells of aborted transactions only where that was asked for`, async () => {
    const { topic, producer } = await begin()
    await producer.produce(topic, 0, ['a'])
    await producer.end(false)
    await until('the marker is written', async () => {
      const { lastStable } = await readCommitted(client, topic)
      return lastStable === 2
    })
    for (const isolationLevel of [0, 1]) {
      const partitions = [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1e6 }]
      const named = version >= 13 ? { topicId: topic.topicId } : { topic: topic.name }
      const { responses } = await client.request(Fetch, version, {
        maxWaitMs: 0,
        minBytes: 1,
        maxBytes: 1e6,
        isolationLevel,
        topics: [{ ...named, partitions }],
        ...(version >= 7 && { forgottenTopicsData: [] }),
      })
      const answer = responses[0]!.partitions[0]!
      const aborted = { producerId: Number(producer.producerId), firstOffset: 0 }
      deepEqual(answer.abortedTransactions, isolationLevel === 1 ? [aborted] : null)
    }
  })
