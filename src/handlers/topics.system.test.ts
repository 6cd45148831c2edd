import { deepEqual, equal, match, notEqual } from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { codeOf, zeroUuid } from '#model'
import {
  CreateTopics,
  DeleteTopics,
  DescribeCluster,
  DescribeTopicPartitions,
  Metadata,
  versionsOf,
} from '#protocol'
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

const spec = (name: string, more: object = {}) => ({
  name,
  numPartitions: 1,
  replicationFactor: 1,
  assignments: [],
  configs: [],
  ...more,
})
const create = async (topics: ReturnType<typeof spec>[], version = 7, validateOnly = false) => {
  const response = await client.request(CreateTopics, version, {
    topics,
    timeoutMs: 1,
    validateOnly,
  })
  return response.topics
}
const codesOf = (answers: { errorCode: number }[]) => answers.map(({ errorCode }) => errorCode)

for (const version of versionsOf(CreateTopics))
  test(`CreateTopics v${version} makes a topic that Metadata shows at once`, async () => {
    const name = `made-${version}`
    const [answer] = await create([spec(name, { numPartitions: 3 })], version)
    equal(answer?.errorCode, 0)
    const { topics } = await client.request(Metadata, 13, {
      topics: [{ name, topicId: zeroUuid }],
      allowAutoTopicCreation: false,
    })
    equal(topics[0]?.partitions.length, 3)
    if (version >= 5) equal(answer?.numPartitions, 3)
    if (version >= 7) equal(answer?.topicId, topics[0]?.topicId)
  })

test('CreateTopics names every config with its value and source', async () => {
  const configs = [{ name: 'segment.bytes', value: '2097152' }]
  const [answer] = await create([spec('configured', { configs })])
  const described = new Map(answer?.configs?.map((config) => [config.name, config]))
  equal(described.get('segment.bytes')?.value, '2097152')
  equal(described.get('segment.bytes')?.configSource, 1)
  equal(described.get('retention.ms')?.value, '604800000')
  equal(described.get('retention.ms')?.configSource, 5)
  equal(described.get('flush.messages')?.value, '9223372036854775807')
})

test('CreateTopics says what is wrong with a topic, and makes those beside it', async () => {
  const answers = await create([
    spec('fine'),
    spec('no-partitions', { numPartitions: 0 }),
    spec('many-replicas', { replicationFactor: 3 }),
    spec('bad name'),
    spec('__consumer_offsets'),
    spec('odd-config', { configs: [{ name: 'no.such.config', value: '1' }] }),
    spec('bad-config', { configs: [{ name: 'segment.bytes', value: 'large' }] }),
    spec('assigned-and-counted', { assignments: [{ partitionIndex: 0, brokerIds: [1] }] }),
  ])
  deepEqual(codesOf(answers), [
    0,
    codeOf('INVALID_PARTITIONS'),
    codeOf('INVALID_REPLICATION_FACTOR'),
    codeOf('INVALID_TOPIC_EXCEPTION'),
    codeOf('INVALID_TOPIC_EXCEPTION'),
    codeOf('INVALID_CONFIG'),
    codeOf('INVALID_CONFIG'),
    codeOf('INVALID_REQUEST'),
  ])
  for (const { errorCode, errorMessage } of answers)
    if (errorCode !== 0) match(errorMessage ?? '', /\w+ \w+/)
  const [again, colliding] = await create([spec('fine'), spec('made_7')])
  equal(again?.errorCode, codeOf('TOPIC_ALREADY_EXISTS'))
  equal(colliding?.errorCode, 0, "'made-7' and 'made_7' do not collide")
  const [dot] = await create([spec('made.7')])
  equal(dot?.errorCode, codeOf('INVALID_TOPIC_EXCEPTION'), "'made.7' and 'made_7' do")
})

test('CreateTopics takes assignments to this broker, numbered from 0 without gaps', async () => {
  const assigned = (...brokers: [index: number, broker: number][]) =>
    spec(`assigned-${brokers.join('-').replaceAll(',', '')}`, {
      numPartitions: -1,
      replicationFactor: -1,
      assignments: brokers.map(([partitionIndex, id]) => ({ partitionIndex, brokerIds: [id] })),
    })
  const { controllerId } = await client.request(DescribeCluster, 0, {
    includeClusterAuthorizedOperations: false,
  })
  const answers = await create([
    assigned([0, controllerId], [1, controllerId]),
    assigned([0, 99]),
    assigned([1, controllerId]),
  ])
  deepEqual(codesOf(answers), [
    0,
    codeOf('INVALID_REPLICA_ASSIGNMENT'),
    codeOf('INVALID_REPLICA_ASSIGNMENT'),
  ])
  equal(answers[0]?.numPartitions, 2)
})

test('CreateTopics with validate-only makes nothing, and a name given twice is refused', async () => {
  const [answer] = await create([spec('only-validated')], 7, true)
  equal(answer?.errorCode, 0)
  const [unknown] = (
    await client.request(Metadata, 12, {
      topics: [{ name: 'only-validated', topicId: zeroUuid }],
      allowAutoTopicCreation: false,
    })
  ).topics
  equal(unknown?.errorCode, codeOf('UNKNOWN_TOPIC_OR_PARTITION'))
  deepEqual(codesOf(await create([spec('twice'), spec('twice')])), [codeOf('INVALID_REQUEST')])
})

for (const version of versionsOf(DeleteTopics))
  test(`DeleteTopics v${version} makes a topic unknown, and the name gets another id`, async () => {
    const name = `deleted-${version}`
    const [first] = await create([spec(name)])
    const named = { name, topicId: zeroUuid }
    const { responses } = await client.request(
      DeleteTopics,
      version,
      version >= 6 ? { topics: [named], timeoutMs: 1 } : { topicNames: [name], timeoutMs: 1 },
    )
    deepEqual(codesOf(responses), [0])
    const { topics } = await client.request(Metadata, 12, {
      topics: [named],
      allowAutoTopicCreation: false,
    })
    equal(topics[0]?.errorCode, codeOf('UNKNOWN_TOPIC_OR_PARTITION'))
    const [second] = await create([spec(name)])
    notEqual(second?.topicId, first?.topicId)
  })

test('DeleteTopics v6 deletes by id and refuses what it does not know', async () => {
  const [made] = await create([spec('by-id')])
  const { responses } = await client.request(DeleteTopics, 6, {
    topics: [
      { name: null, topicId: made!.topicId },
      { name: null, topicId: 'AAAAAAAAAAAAAAAAAAAABA' },
      { name: 'never-made', topicId: zeroUuid },
      { name: 'both', topicId: 'AAAAAAAAAAAAAAAAAAAABA' },
    ],
    timeoutMs: 1,
  })
  equal(responses[0]?.name, 'by-id')
  deepEqual(codesOf(responses), [
    0,
    codeOf('UNKNOWN_TOPIC_ID'),
    codeOf('UNKNOWN_TOPIC_OR_PARTITION'),
    codeOf('INVALID_REQUEST'),
  ])
})

for (const version of versionsOf(Metadata))
  test(`Metadata v${version} describes the broker and a topic that it makes`, async () => {
    const name = `auto-${version}`
    const response = await client.request(Metadata, version, {
      topics: [{ name, topicId: zeroUuid }],
    })
    deepEqual(
      response.brokers.map(({ host, port }) => [host, port]),
      [['127.0.0.1', box.port]],
    )
    const [topic] = response.topics
    equal(topic?.errorCode, 0)
    equal(topic?.name, name)
    equal(topic?.partitions.length, 1)
    if (version >= 1) equal(response.controllerId, response.brokers[0]?.nodeId)
    if (version >= 2) equal(response.clusterId?.length, 22)
    if (version >= 7) equal(topic?.partitions[0]?.leaderEpoch, 0)
    if (version >= 10) notEqual(topic?.topicId, zeroUuid)
  })

test('Metadata lists all topics for null and none for an empty list', async () => {
  const all = await client.request(Metadata, 12, { topics: null })
  equal(all.topics.length > 5, true)
  equal((await client.request(Metadata, 12, { topics: [] })).topics.length, 0)
  equal((await client.request(Metadata, 0, { topics: [] })).topics.length, all.topics.length)
})

test('Metadata makes no topic of an invalid name, or when it is told not to', async () => {
  const { topics } = await client.request(Metadata, 9, {
    topics: [{ name: 'in/valid' }, { name: '' }],
  })
  deepEqual(codesOf(topics), [codeOf('INVALID_TOPIC_EXCEPTION'), codeOf('INVALID_TOPIC_EXCEPTION')])
})

test('Metadata made twice at the same time makes one topic', async () => {
  const other = await box.connect()
  const ask = (from: WireClient) =>
    from.request(Metadata, 12, { topics: [{ name: 'raced', topicId: zeroUuid }] })
  const [one, two] = await Promise.all([ask(client), ask(other)])
  other.close()
  equal(one.topics[0]?.errorCode, 0)
  equal(one.topics[0]?.topicId, two.topics[0]?.topicId)
})

test('DescribeTopicPartitions pages through topics by its cursor', async () => {
  await create([spec('page-a', { numPartitions: 3 }), spec('page-b', { numPartitions: 2 })])
  const topics = [{ name: 'page-b' }, { name: 'page-a' }, { name: 'page-none' }]
  const pages: string[][] = []
  let cursor: { topicName: string; partitionIndex: number } | null = null
  do {
    const page: Awaited<ReturnType<typeof ask>> = await ask(cursor)
    pages.push(
      page.topics.flatMap(({ name, partitions, errorCode }) =>
        errorCode
          ? [`${name}!${errorCode}`]
          : partitions.map(({ partitionIndex }) => `${name}-${partitionIndex}`),
      ),
    )
    cursor = page.nextCursor
  } while (cursor)
  function ask(from: typeof cursor) {
    const input = { topics, responsePartitionLimit: 2, cursor: from }
    return client.request(DescribeTopicPartitions, 0, input)
  }
  deepEqual(pages.flat(), [
    'page-a-0',
    'page-a-1',
    'page-a-2',
    'page-b-0',
    'page-b-1',
    'page-none!3',
  ])
  equal(pages.length, 3)
})

test('DescribeCluster knows brokers, and says which listeners it does not have', async () => {
  const ask = (endpointType: number) =>
    client.request(DescribeCluster, 2, {
      includeClusterAuthorizedOperations: true,
      endpointType,
      includeFencedBrokers: false,
    })
  const cluster = await ask(1)
  deepEqual(
    cluster.brokers.map(({ port }) => port),
    [box.port],
  )
  equal(cluster.clusterAuthorizedOperations, 8096)
  equal((await ask(2)).errorCode, codeOf('MISMATCHED_ENDPOINT_TYPE'))
  equal((await ask(3)).errorCode, codeOf('UNSUPPORTED_ENDPOINT_TYPE'))
})
