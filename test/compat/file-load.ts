// What a broker is given to hold, Kafka or ours, and what it says that it holds.
import { errorNameOf } from '#model'
import { FindCoordinator, ListOffsets, OffsetCommit, OffsetFetch } from '#protocol'
import { buildBatch, Codec } from '#records'
import {
  createTopic,
  listTopics,
  newProducerId,
  produceBatch,
  readCommitted,
  readToEnd,
  type Topic,
  TransactionalClient,
  until,
  type WireClient,
} from '#testing'

const baseMs = 1.7e12
const sizes = { batches: 40, records: 25 }

const record = (index: number) => ({
  timestampMs: baseMs + index * 10,
  key: Buffer.from(`key ${index % 13}`),
  value: index % 17 === 0 ? null : Buffer.from(`value ${index} `.repeat(20)),
  headers: [{ key: 'h', value: index % 3 === 0 ? null : Buffer.from(String(index)) }],
})
const batchAt = (index: number, options: Parameters<typeof buildBatch>[1] = {}): Buffer =>
  buildBatch(
    Array.from({ length: sizes.records }, (_, each) => record(index * sizes.records + each)),
    options,
  )

/** The partitions that `fill` makes, by topic. */
export const loadPartitions: Readonly<Record<string, number>> = {
  plain: 3,
  idempotent: 1,
  ...Object.fromEntries(Object.keys(Codec).map((codec) => [`codec-${codec}`, 1])),
  compacted: 1,
  transactional: 2,
  empty: 2,
}
const configsOf = (name: string): Record<string, string> => ({
  // Else all of it would be old enough to go.
  'retention.ms': '-1',
  ...(name === 'plain' && { 'segment.bytes': '1048576', 'index.interval.bytes': '512' }),
  ...(name === 'compacted' && {
    'cleanup.policy': 'compact',
    'segment.bytes': '1048576',
    'segment.ms': '100',
    'min.cleanable.dirty.ratio': '0.01',
  }),
})

/** Makes the topics. */
export const makeTopics = async (client: WireClient): Promise<Map<string, Topic>> => {
  const topics = new Map<string, Topic>()
  for (const [name, partitions] of Object.entries(loadPartitions))
    topics.set(name, await createTopic(client, name, { partitions, configs: configsOf(name) }))
  return topics
}

/** Fills the topics with every kind of batch, and commits offsets. */
export const fill = async (client: WireClient, topics: Map<string, Topic>): Promise<void> => {
  const topic = (name: string): Topic => topics.get(name)!
  await until('producer ids can be had', () =>
    newProducerId(client).then(
      () => true,
      () => false,
    ),
  )
  const producerId = await newProducerId(client)
  for (let index = 0; index < sizes.batches; index += 1) {
    await produceBatch(client, topic('plain'), batchAt(index), { partition: index % 3 })
    const idempotent = { producerId, producerEpoch: 0, baseSequence: index * sizes.records }
    await produceBatch(client, topic('idempotent'), batchAt(index, idempotent))
    await produceBatch(client, topic('compacted'), batchAt(index))
    for (const [name, codec] of Object.entries(Codec))
      await produceBatch(client, topic(`codec-${name}`), batchAt(index, { codec }))
  }
  await commit(client, 'readers', 'plain', [0, 5, 'five'], [2, 7, ''])
  await commit(client, 'readers', 'plain', [0, 6, 'six'])
  await transact(client, topic('transactional'))
}

const transact = async (client: WireClient, topic: Topic): Promise<void> => {
  await coordinatorOf(client, 'by-transaction', 0)
  await coordinatorOf(client, 'writer', 1)
  const writer = new TransactionalClient(client, 'writer', 1)
  await until('transactions can be had', () =>
    writer.init().then(
      () => true,
      () => false,
    ),
  )
  for (const [round, committed] of [true, false, true].entries()) {
    await writer.add(topic, 0, 1)
    await writer.produce(topic, 0, [`${round} a`, `${round} b`])
    await writer.produce(topic, 1, [`${round} c`])
    await writer.addGroup('by-transaction')
    await writer.pend('by-transaction', [{ topic, partition: 0, offset: round + 1 }])
    await until('the transaction ends', () =>
      writer.end(committed).then(
        () => true,
        () => false,
      ),
    )
    // Kafka answers before the markers are written, and refuses what comes before they are.
    if (round < 2)
      await until('the next begins', () =>
        writer.add(topic, 0).then(
          () => true,
          () => false,
        ),
      )
  }
}

/** Leaves a transaction open that has a record in `transactional-0`. */
export const leaveOpen = async (client: WireClient, topic: Topic): Promise<void> => {
  const writer = new TransactionalClient(client, 'left-open', 1)
  await until('transactions can be had', () =>
    writer.init().then(
      () => true,
      () => false,
    ),
  )
  await writer.add(topic, 0)
  await writer.produce(topic, 0, ['never ended'])
}

const coordinatorOf = (client: WireClient, key: string, keyType: number): Promise<void> =>
  until(`a coordinator for ${key}`, async () => {
    const { coordinators } = await client.request(FindCoordinator, 4, {
      keyType,
      coordinatorKeys: [key],
    })
    return coordinators[0]?.errorCode === 0
  })

const commit = async (
  client: WireClient,
  groupId: string,
  topic: string,
  ...offsets: (readonly [number, number, string])[]
): Promise<void> => {
  await coordinatorOf(client, groupId, 0)
  await until('offsets are committed', async () => {
    const { topics } = await client.request(OffsetCommit, 9, {
      groupId,
      memberId: '',
      topics: [
        {
          name: topic,
          partitions: offsets.map(([partitionIndex, committedOffset, committedMetadata]) => ({
            partitionIndex,
            committedOffset,
            committedLeaderEpoch: 0,
            committedMetadata,
          })),
        },
      ],
    })
    return topics.every(({ partitions }) => partitions.every(({ errorCode }) => errorCode === 0))
  })
}

/** What a broker says, partition by partition, in words that can be compared. */
export const describe = async (client: WireClient): Promise<Map<string, string[]>> => {
  const found = new Map<string, string[]>()
  const topics = (await listTopics(client)).filter(({ name }) => !name.startsWith('__'))
  for (const topic of topics.sort((a, b) => (a.name < b.name ? -1 : 1)))
    for (let partition = 0; partition < topic.partitionCount; partition += 1) {
      const lines: string[] = [`id ${topic.topicId}`]
      const [start, latest] = [
        await offsetAt(client, topic, partition, -2),
        await offsetAt(client, topic, partition, -1),
      ]
      lines.push(`from ${start} to ${latest}`)
      for (let index = 0; index < sizes.batches * sizes.records; index += 97)
        lines.push(`at ${index}: ${await offsetAt(client, topic, partition, baseMs + index * 10)}`)
      for await (const { batches } of readToEnd(client, topic, partition, {
        offset: Number(/\d+/.exec(start)),
      }))
        for (const { codec, records, baseOffset, endOffset } of batches)
          lines.push(
            `batch ${baseOffset} to ${endOffset}, codec ${codec}`,
            ...records.map((each) =>
              JSON.stringify({
                ...each,
                key: each.key?.toString('hex'),
                value: each.value?.toString('hex'),
                headers: each.headers.map(({ key, value }) => [key, value?.toString('hex')]),
              }),
            ),
          )
      if (topic.name === 'transactional')
        lines.push(`committed ${(await readCommitted(client, topic, partition)).values.join(', ')}`)
      found.set(`${topic.name}-${partition}`, lines)
    }
  return found
}

const offsetAt = async (
  client: WireClient,
  { name }: Topic,
  partitionIndex: number,
  timestamp: number,
): Promise<string> => {
  const { topics } = await client.request(ListOffsets, 7, {
    replicaId: -1,
    isolationLevel: 0,
    topics: [{ name, partitions: [{ partitionIndex, currentLeaderEpoch: -1, timestamp }] }],
  })
  const answer = topics[0]!.partitions[0]!
  if (answer.errorCode !== 0) throw new Error(`ListOffsets: ${errorNameOf(answer.errorCode)}`)
  return timestamp < 0 ? `${answer.offset}` : `${answer.offset} of ${answer.timestamp}`
}

/** The committed offsets of the groups that `fill` makes. */
export const committedOffsets = async (client: WireClient): Promise<string[]> => {
  const lines: string[] = []
  for (const groupId of ['readers', 'by-transaction']) {
    await coordinatorOf(client, groupId, 0)
    await until(`the offsets of ${groupId}`, async () => {
      const { groups } = await client.request(OffsetFetch, 9, {
        groups: [{ groupId, topics: null }],
      })
      const [group] = groups
      if (group?.errorCode !== 0) return false
      for (const { name, partitions } of group.topics)
        for (const each of partitions)
          lines.push(
            `${groupId} ${name}-${each.partitionIndex}: ${each.committedOffset} in ${each.committedLeaderEpoch} '${each.metadata}'`,
          )
      return true
    })
  }
  return lines.sort()
}
