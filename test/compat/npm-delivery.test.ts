// The npm clients beyond plain writing: every `acks`, many partitions, idempotent producers that send
// at the same time, reading in a fetch session without a group, and making and deleting topics.
import { deepEqual, equal } from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Admin, Consumer, Producer, stringSerializers } from '@platformatic/kafka'
import kafkajs from 'kafkajs'
import {
  type BoxedBroker,
  boxBroker,
  createTopic,
  readToEnd,
  type Topic,
  until,
  type WireClient,
} from '#testing'

const partitions = 8
const messagesCount = 4000
const sendSize = 200

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

interface Message {
  key: string
  value: string
}
/** Keys that repeat, so that the order within each can be checked. */
const messages: readonly Message[] = Array.from({ length: messagesCount }, (_, index) => ({
  key: `key ${index % 97}`,
  value: `value ${index}`,
}))
const sends: readonly (readonly Message[])[] = Array.from(
  { length: messagesCount / sendSize },
  (_, index) => messages.slice(index * sendSize, (index + 1) * sendSize),
)

/** What a topic holds: each partition's messages in their order. */
const contents = async (topic: Topic): Promise<Message[][]> => {
  const all: Message[][] = []
  for (let partition = 0; partition < partitions; partition += 1) {
    const found: Message[] = []
    for await (const { batches } of readToEnd(client, topic, partition))
      for (const { records } of batches)
        for (const { key, value } of records)
          found.push({ key: key!.toString(), value: value!.toString() })
    all.push(found)
  }
  return all
}

/** Every message is there once, every key is in one partition, and its messages are in order. */
const checkDelivered = async (topic: Topic): Promise<void> => {
  let found = await contents(topic)
  await until('all messages have arrived', async () => {
    found = await contents(topic)
    return found.flat().length >= messagesCount
  })
  equal(found.flat().length, messagesCount)
  equal(found.filter((partition) => partition.length > 0).length, partitions)
  for (const key of new Set(messages.map((message) => message.key))) {
    const holding = found.filter((partition) => partition.some((message) => message.key === key))
    equal(holding.length, 1, `${key} is in one partition`)
    deepEqual(
      holding[0]!.filter((message) => message.key === key),
      messages.filter((message) => message.key === key),
    )
  }
}

const platformaticProducer = (): Producer<string, string, string, string> =>
  new Producer({
    clientId: 'delivery',
    bootstrapBrokers: [`127.0.0.1:${box.port}`],
    serializers: stringSerializers,
  })
const kafkajsClient = () =>
  new kafkajs.Kafka({
    clientId: 'delivery',
    brokers: [`127.0.0.1:${box.port}`],
    logLevel: kafkajs.logLevel.NOTHING,
  })

for (const acks of [0, 1, -1]) {
  test(`@platformatic/kafka delivers everything to ${partitions} partitions with acks=${acks}`, async () => {
    const topic = await createTopic(client, `platformatic-${acks}`, { partitions })
    const producer = platformaticProducer()
    for (const batch of sends)
      await producer.send({
        acks,
        messages: batch.map((message) => ({ topic: topic.name, ...message })),
      })
    await checkDelivered(topic)
    await producer.close()
  })

  test(`kafkajs delivers everything to ${partitions} partitions with acks=${acks}`, async () => {
    const topic = await createTopic(client, `kafkajs-${acks}`, { partitions })
    const producer = kafkajsClient().producer({
      createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
    })
    await producer.connect()
    for (const batch of sends)
      await producer.send({ topic: topic.name, acks, messages: [...batch] })
    await checkDelivered(topic)
    await producer.disconnect()
  })
}

test('an idempotent producer of @platformatic/kafka delivers once and in order', async () => {
  const topic = await createTopic(client, 'platformatic-idempotent', { partitions })
  const producer = platformaticProducer()
  for (const batch of sends)
    await producer.send({
      acks: -1,
      idempotent: true,
      messages: batch.map((message) => ({ topic: topic.name, ...message })),
    })
  await checkDelivered(topic)
  await producer.close()
})

test('an idempotent producer of kafkajs delivers once and in order', async () => {
  const topic = await createTopic(client, 'kafkajs-idempotent', { partitions })
  const producer = kafkajsClient().producer({
    idempotent: true,
    maxInFlightRequests: 1,
    createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
  })
  await producer.connect()
  for (const batch of sends) await producer.send({ topic: topic.name, messages: [...batch] })
  await checkDelivered(topic)
  await producer.disconnect()
})

for (const compression of ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const)
  test(`@platformatic/kafka reads in a fetch session what it wrote with ${compression}`, async () => {
    const topic = await createTopic(client, `session-${compression}`, { partitions: 2 })
    const producer = platformaticProducer()
    const consumer = new Consumer({
      clientId: 'delivery',
      groupId: 'none-is-joined',
      bootstrapBrokers: [`127.0.0.1:${box.port}`],
    })
    consumer.topics.track(topic.name)
    const { brokers, topics } = await consumer.metadata({ topics: [topic.name] })
    const node = [...brokers.keys()][0]!
    const topicId = topics.get(topic.name)!.id
    const offsets = [0n, 0n]
    const read: string[] = []
    const send = (group: readonly Message[], partition: number): Promise<unknown> =>
      producer.send({
        acks: -1,
        compression,
        messages: group.map((message) => ({ topic: topic.name, partition, ...message })),
      })
    const fetchOnce = async (): Promise<void> => {
      const { errorCode, responses } = await consumer.fetch({
        node,
        maxWaitTime: 50,
        minBytes: 1,
        maxBytes: 10_000_000,
        topics: [{ topicId, partitions: offsets.map(fetchPartition) }],
      })
      equal(errorCode, 0)
      for (const answer of responses.flatMap((response) => response.partitions))
        for (const { records, firstOffset } of answer.records ?? [])
          for (const { value, offsetDelta } of records) {
            equal(firstOffset + BigInt(offsetDelta), offsets[answer.partitionIndex])
            offsets[answer.partitionIndex]! += 1n
            read.push(value!.toString())
          }
    }
    let written: readonly Message[] = []
    for (const [index, batch] of sends.slice(0, 6).entries()) {
      await send(batch, index % 2)
      written = [...written, ...batch]
      await until('what was written has been read', async () => {
        await fetchOnce()
        return read.length >= written.length
      })
    }
    deepEqual(
      read,
      written.map(({ value }) => value),
    )
    await producer.close()
    await consumer.close(true)
  })

const fetchPartition = (fetchOffset: bigint, partition: number) => ({
  partition,
  currentLeaderEpoch: -1,
  fetchOffset,
  lastFetchedEpoch: -1,
  partitionMaxBytes: 1_000_000,
})

test('the admin clients make, list, look into and delete topics', async () => {
  const platformatic = new Admin({
    clientId: 'delivery',
    bootstrapBrokers: [`127.0.0.1:${box.port}`],
  })
  const admin = kafkajsClient().admin()
  await admin.connect()
  const [made] = await platformatic.createTopics({
    topics: ['by-admin'],
    partitions: 3,
    replicas: 1,
  })
  deepEqual([made?.name, made?.partitions], ['by-admin', 3])
  equal((await admin.listTopics()).includes('by-admin'), true)
  deepEqual(
    (await admin.fetchTopicOffsets('by-admin')).map(({ partition, low, high }) => [
      partition,
      low,
      high,
    ]),
    [0, 1, 2].map((partition) => [partition, '0', '0']),
  )
  equal(await admin.createTopics({ topics: [{ topic: 'by-kafkajs', numPartitions: 2 }] }), true)
  equal((await platformatic.listTopics()).includes('by-kafkajs'), true)
  await admin.deleteTopics({ topics: ['by-admin'] })
  await platformatic.deleteTopics({ topics: ['by-kafkajs'] })
  const left = await admin.listTopics()
  deepEqual(
    left.filter((name) => name.startsWith('by-')),
    [],
  )
  await admin.disconnect()
  await platformatic.close()
})
