// What administrators see of transactions in partitions, and how they end one that hangs (KIP-664).
import { deepEqual, equal, rejects } from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { errorNameOf } from '#model'
import { DescribeProducers, ListTransactions, WriteTxnMarkers } from '#protocol'
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
  box = await boxBroker()
  client = await box.connect()
})
after(async () => {
  client.close()
  await box.remove()
})

const producersOf = async (topic: Topic, partition = 0) => {
  const answer = await client.request(DescribeProducers, 0, {
    topics: [{ name: topic.name, partitionIndexes: [partition] }],
  })
  const [described] = answer.topics[0]!.partitions
  equal(errorNameOf(described!.errorCode), 'NONE')
  return described!.activeProducers.map(({ lastTimestamp, ...producer }) => producer)
}

test('a partition shows who writes to it, and where their transactions begin', async () => {
  const topic = await createTopic(client, 'shown')
  deepEqual(await producersOf(topic), [])
  const producer = new TransactionalClient(client, 'shown', 2)
  await producer.init()
  const { producerId } = producer
  await producer.produce(topic, 0, ['a', 'b'])
  await producer.end(true)
  await producer.produce(topic, 0, ['c'])
  deepEqual(await producersOf(topic), [
    {
      producerId,
      producerEpoch: 1,
      lastSequence: 0,
      coordinatorEpoch: 0,
      currentTxnStartOffset: 3,
    },
  ])
  await producer.end(false)
  await until(
    'the transaction is over',
    async () => (await producersOf(topic))[0]!.currentTxnStartOffset === -1,
  )
  const { topics } = await client.request(DescribeProducers, 0, {
    topics: [
      { name: topic.name, partitionIndexes: [1] },
      { name: 'nowhere', partitionIndexes: [0] },
    ],
  })
  for (const { partitions } of topics)
    equal(errorNameOf(partitions[0]!.errorCode), 'UNKNOWN_TOPIC_OR_PARTITION')
})

for (const version of [1, 2])
  test(`WriteTxnMarkers v${version} ends a transaction in a partition`, async () => {
    const topic = await createTopic(client, `ended-${version}`)
    const producer = new TransactionalClient(client, `ended-${version}`, 2)
    await producer.init()
    await producer.produce(topic, 0, ['hangs'])
    const write = async (producerEpoch: number, name = topic.name) => {
      const { markers } = await client.request(WriteTxnMarkers, version, {
        markers: [
          {
            producerId: producer.producerId,
            producerEpoch,
            transactionResult: false,
            topics: [{ name, partitionIndexes: [0] }],
            coordinatorEpoch: 0,
            ...(version === 2 && { transactionVersion: 2 }),
          },
        ],
      })
      equal(markers[0]!.producerId, producer.producerId)
      return errorNameOf(markers[0]!.topics[0]!.partitions[0]!.errorCode)
    }
    equal(await write(5, 'nowhere'), 'UNKNOWN_TOPIC_OR_PARTITION')
    equal((await readCommitted(client, topic)).lastStable, 0)
    if (version === 2) equal(await write(0), 'INVALID_PRODUCER_EPOCH')
    equal(await write(version - 1), 'NONE')
    const { lastStable, values } = await readCommitted(client, topic)
    deepEqual([lastStable, values], [2, []])
    await producer.end(false)
  })

test('an id that nobody uses is forgotten, and may be taken anew', async () => {
  const hasty = await boxBroker([
    'transactional.id.expiration.ms=1',
    'transaction.remove.expired.transaction.cleanup.interval.ms=20',
    'transaction.max.timeout.ms=5000',
  ])
  const other = await hasty.connect()
  const producer = new TransactionalClient(other, 'unused', 2)
  await producer.init(5000)
  await until('it is forgotten', async () => {
    const listed = await other.request(ListTransactions, 2, {
      stateFilters: [],
      producerIdFilters: [],
    })
    return !listed.transactionStates.some(({ transactionalId }) => transactionalId === 'unused')
  })
  await rejects(producer.end(false), { errorName: 'INVALID_PRODUCER_ID_MAPPING' })
  await rejects(producer.init(5001), { errorName: 'INVALID_TRANSACTION_TIMEOUT' })
  await producer.init(5000)
  equal(producer.epoch, 0)
  other.close()
  await hasty.remove()
})
