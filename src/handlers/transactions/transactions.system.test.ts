// Transactions over the wire, as clients of either transaction version end them.
import { deepEqual, equal, rejects } from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { codeOf, type ErrorName, errorNameOf } from '#model'
import {
  AddOffsetsToTxn,
  AddPartitionsToTxn,
  ConsumerGroupHeartbeat,
  DescribeTransactions,
  EndTxn,
  InitProducerId,
  JoinGroup,
  ListTransactions,
  OffsetFetch,
  SyncGroup,
} from '#protocol'
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
  box = await boxBroker([
    'group.initial.rebalance.delay.ms=0',
    // However busy the machine is, no client here is to see that its last transaction still ends.
    'add.partitions.to.txn.retry.backoff.max.ms=30000',
  ])
  client = await box.connect()
})
after(async () => {
  client.close()
  await box.remove()
})

let count = 0
/** A topic of three partitions and a producer, both of their own. */
const begin = async (version: 1 | 2, timeoutMs?: number) => {
  count += 1
  const topic = await createTopic(client, `topic-${count}`, { partitions: 3 })
  const producer = new TransactionalClient(client, `id-${count}`, version)
  await producer.init(timeoutMs)
  return { topic, producer, groupId: `group-${count}` }
}

const refuses = (answer: Promise<unknown>, errorName: ErrorName) => rejects(answer, { errorName })

/** Values that are committed once all markers are written. */
const reads = (topic: Topic, partition: number, values: readonly string[]) =>
  until(`${topic.name}-${partition} is decided`, async () => {
    const part = await readCommitted(client, topic, partition)
    if (part.lastStable < part.highWatermark) return false
    deepEqual(part.values, values)
    return true
  })

const offsetsOf = async (groupId: string, topic: Topic, requireStable = true) => {
  const { groups } = await client.request(OffsetFetch, 9, {
    requireStable,
    groups: [{ groupId, topics: [{ name: topic.name, partitionIndexes: [0, 1] }] }],
  })
  return groups[0]!.topics[0]!.partitions.map(({ errorCode, committedOffset }) =>
    errorCode === 0 ? Number(committedOffset) : errorNameOf(errorCode),
  )
}

const states = async (...transactionalIds: string[]) => {
  const answer = await client.request(DescribeTransactions, 0, { transactionalIds })
  return answer.transactionStates
}

const becomes = ({ transactionalId }: TransactionalClient, state: string) =>
  until(`the transaction is ${state}`, async () => {
    const [described] = await states(transactionalId)
    return described!.transactionState === state
  })

for (const version of [1, 2] as const) {
  test(`version ${version}: what is written and the offsets are seen together, or never`, async () => {
    const { topic, producer, groupId } = await begin(version)
    for (const [round, commit] of [true, false, true].entries()) {
      if (version === 1) {
        await producer.add(topic, 0, 2)
        await producer.addGroup(groupId)
      }
      await producer.produce(topic, 0, [`a${round}`, `b${round}`])
      await producer.produce(topic, 2, [`c${round}`])
      const offset = { topic, partition: 1, offset: round + 10 }
      await producer.pend(groupId, [offset])
      const open = await readCommitted(client, topic, 0)
      equal(open.highWatermark - open.lastStable, 2)
      deepEqual(await offsetsOf(groupId, topic), [-1, 'UNSTABLE_OFFSET_COMMIT'])
      deepEqual(await offsetsOf(groupId, topic, false), [-1, round === 0 ? -1 : 10])
      await producer.end(commit)
      deepEqual(await offsetsOf(groupId, topic), [-1, round === 2 ? 12 : 10])
    }
    await reads(topic, 0, ['a0', 'b0', 'a2', 'b2'])
    await reads(topic, 2, ['c0', 'c2'])
    equal(producer.epoch, version === 2 ? 3 : 0)
  })

  test(`version ${version}: a transaction that is not ended in time is aborted and fences`, async () => {
    const { topic, producer } = await begin(version, 300)
    if (version === 1) await producer.add(topic, 0)
    await producer.produce(topic, 0, ['late'])
    await reads(topic, 0, [])
    // Under version 2 it looks like a commit that comes again, and the transaction was not committed.
    await refuses(producer.end(true), version === 1 ? 'PRODUCER_FENCED' : 'INVALID_TXN_STATE')
    await refuses(producer.produce(topic, 0, ['later']), 'INVALID_PRODUCER_EPOCH')
    await producer.init(60_000, true)
    if (version === 1) await producer.add(topic, 0)
    await producer.produce(topic, 0, ['again'])
    await producer.end(true)
    await reads(topic, 0, ['again'])
  })

  test(`version ${version}: who takes an id over aborts what was open, and fences`, async () => {
    const { topic, producer, groupId } = await begin(version)
    if (version === 1) await producer.add(topic, 0)
    if (version === 1) await producer.addGroup(groupId)
    await producer.produce(topic, 0, ['old'])
    await producer.pend(groupId, [{ topic, partition: 0, offset: 5 }])
    const next = new TransactionalClient(client, producer.transactionalId, version)
    await refuses(next.init(), 'CONCURRENT_TRANSACTIONS')
    await until('the markers are written', () =>
      next.init().then(
        () => true,
        () => false,
      ),
    )
    deepEqual([next.producerId, next.epoch], [producer.producerId, 2])
    await refuses(producer.produce(topic, 0, ['zombie']), 'INVALID_PRODUCER_EPOCH')
    await refuses(
      producer.pend(groupId, [{ topic, partition: 0, offset: 6 }]),
      'INVALID_PRODUCER_EPOCH',
    )
    await refuses(producer.addGroup(groupId), 'PRODUCER_FENCED')
    await refuses(producer.end(true), 'PRODUCER_FENCED')
    await reads(topic, 0, [])
    deepEqual(await offsetsOf(groupId, topic), [-1, -1])
  })

  test(`version ${version}: an open transaction outlives a restart`, async () => {
    const { topic, producer } = await begin(version)
    if (version === 1) await producer.add(topic, 0)
    await producer.produce(topic, 0, ['before'])
    client.close()
    await box.restart()
    client = await box.connect()
    const again = new TransactionalClient(client, producer.transactionalId, version)
    Object.assign(again, { producerId: producer.producerId, epoch: producer.epoch })
    if (version === 1) await again.add(topic, 1)
    await again.produce(topic, 1, ['after'])
    equal((await readCommitted(client, topic, 0)).lastStable, 0)
    await again.end(true)
    await reads(topic, 0, ['before'])
    await reads(topic, 1, ['after'])
  })

  test(`version ${version}: a hundred transactions in a row do not stumble over their markers`, async () => {
    const { topic, producer } = await begin(version)
    const values: string[] = []
    for (let round = 0; round < 100; round += 1) {
      if (version === 1) await producer.add(topic, 0)
      await producer.produce(topic, 0, [`${round}`])
      await producer.end(round % 3 > 0)
      if (round % 3 > 0) values.push(`${round}`)
    }
    await reads(topic, 0, values)
  })
}

test('batches to partitions that have to be added first keep their order', async () => {
  const { topic, producer } = await begin(2)
  const values = Array.from({ length: 20 }, (_, index) => `${index}`)
  await Promise.all(values.map((value) => producer.produce(topic, 0, [value])))
  await producer.end(true)
  await reads(topic, 0, values)
})

test('a batch of an older client into a partition that was not added is refused (KIP-890)', async () => {
  const { topic, producer } = await begin(1)
  await producer.add(topic, 1)
  await refuses(producer.produce(topic, 0, ['a'], 11), 'TRANSACTION_ABORTABLE')
  for (const version of [3, 8, 9, 10])
    await refuses(producer.produce(topic, 0, ['a'], version), 'INVALID_TXN_STATE')
  await producer.end(false)
  await becomes(producer, 'CompleteAbort')
  await refuses(producer.produce(topic, 1, ['late'], 10), 'INVALID_TXN_STATE')
  for (const partition of [0, 1])
    equal((await readCommitted(client, topic, partition)).values.length, 0)
  const { highWatermark } = await readCommitted(client, topic, 0)
  equal(highWatermark, 0)
})

test('offsets of a group that an older client has not added are refused', async () => {
  const { topic, producer, groupId } = await begin(1)
  await producer.add(topic, 0)
  const offsets = [{ topic, partition: 0, offset: 5 }]
  await refuses(producer.pend(groupId, offsets, undefined, 4), 'TRANSACTION_ABORTABLE')
  for (const version of [0, 1, 2, 3])
    await refuses(producer.pend(groupId, offsets, undefined, version), 'INVALID_TXN_STATE')
  await producer.addGroup(groupId)
  for (const version of [0, 1, 2, 3, 4]) await producer.pend(groupId, offsets, undefined, version)
  const missing = { topic: { name: 'nowhere', topicId: '' }, partition: 0, offset: 1 }
  await refuses(producer.pend(groupId, [missing]), 'UNKNOWN_TOPIC_OR_PARTITION')
  await refuses(
    producer.pend(groupId, [{ topic, partition: 3, offset: 1 }]),
    'UNKNOWN_TOPIC_OR_PARTITION',
  )
  await producer.end(true)
  deepEqual(await offsetsOf(groupId, topic), [5, -1])
})

test('offsets of who is no longer a member of the group are refused (KIP-447)', async () => {
  const { topic, producer, groupId } = await begin(2)
  const joining = {
    groupId,
    ...{ sessionTimeoutMs: 30_000, rebalanceTimeoutMs: 30_000, protocolType: 'consumer' },
    protocols: [{ name: 'range', metadata: Buffer.from('mine') }],
  }
  const { memberId } = await client.request(JoinGroup, 9, { ...joining, memberId: '' })
  const { generationId } = await client.request(JoinGroup, 9, { ...joining, memberId })
  const assignments = [{ memberId, assignment: Buffer.from('all') }]
  await client.request(SyncGroup, 5, { groupId, memberId, generationId, assignments })
  const offsets = [{ topic, partition: 0, offset: 7 }]
  await refuses(
    producer.pend(groupId, offsets, { memberId, generationId: generationId - 1 }),
    'ILLEGAL_GENERATION',
  )
  await refuses(
    producer.pend(groupId, offsets, { memberId: 'nobody', generationId }),
    'UNKNOWN_MEMBER_ID',
  )
  await producer.pend(groupId, offsets, { memberId, generationId })
  await producer.end(true)
  deepEqual(await offsetsOf(groupId, topic), [7, -1])
})

test('offsets of a member with an old epoch are refused, too (KIP-848)', async () => {
  const { topic, producer, groupId } = await begin(2)
  const beat = (said: { memberEpoch: number }) =>
    client.request(ConsumerGroupHeartbeat, 1, {
      groupId,
      ...{ memberId: 'm', topicPartitions: [], rebalanceTimeoutMs: 30_000 },
      subscribedTopicNames: [topic.name],
      ...said,
    })
  const { memberEpoch, memberId } = await beat({ memberEpoch: 0 })
  const offsets = [{ topic, partition: 0, offset: 7 }]
  const as = (generationId: number, id = memberId) =>
    producer.pend(groupId, offsets, { memberId: id!, generationId })
  await refuses(as(memberEpoch + 1), 'ILLEGAL_GENERATION')
  await refuses(as(memberEpoch, 'nobody'), 'UNKNOWN_MEMBER_ID')
  await as(memberEpoch)
  await producer.end(true)
  deepEqual(await offsetsOf(groupId, topic), [7, -1])
})

test('every version of InitProducerId gives an id its next epoch, and names what is wrong', async () => {
  for (const version of [0, 1, 2, 3, 4, 5]) {
    const ask = async (transactionTimeoutMs: number, carried: object = {}) => {
      const answer = await client.request(InitProducerId, version, {
        transactionalId: `init-${version}`,
        transactionTimeoutMs,
        ...carried,
      })
      return answer.errorCode === 0 ? answer.producerEpoch : errorNameOf(answer.errorCode)
    }
    equal(await ask(0), 'INVALID_TRANSACTION_TIMEOUT')
    equal(await ask(900_001), 'INVALID_TRANSACTION_TIMEOUT')
    deepEqual([await ask(900_000), await ask(1)], [0, 1])
    if (version < 3) continue
    const [described] = await states(`init-${version}`)
    const { producerId } = described!
    equal(await ask(1000, { producerId, producerEpoch: 1 }), 2)
    const old = await ask(1000, { producerId, producerEpoch: 0 })
    equal(old, version < 4 ? 'INVALID_PRODUCER_EPOCH' : 'PRODUCER_FENCED')
    equal(await ask(1000, { producerId }), 'INVALID_REQUEST')
  }
})

test('every version of AddPartitionsToTxn, AddOffsetsToTxn and EndTxn is served', async () => {
  const { topic, producer } = await begin(1)
  const named = (producerEpoch = producer.epoch) => ({
    transactionalId: producer.transactionalId,
    producerId: producer.producerId,
    producerEpoch,
  })
  for (const version of [0, 1, 2, 3, 4, 5]) {
    const add = async (topics: { name: string; partitions: number[] }[], epoch?: number) => {
      const { transactionalId, producerId, producerEpoch } = named(epoch)
      const answer = await client.request(AddPartitionsToTxn, version, {
        ...(version < 4
          ? {
              v3AndBelowTransactionalId: transactionalId,
              v3AndBelowProducerId: producerId,
              v3AndBelowProducerEpoch: producerEpoch,
              v3AndBelowTopics: topics,
            }
          : { transactions: [{ ...named(epoch), verifyOnly: false, topics }] }),
      })
      const results =
        version < 4 ? answer.resultsByTopicV3AndBelow : answer.resultsByTransaction[0]!.topicResults
      return results.flatMap(({ resultsByPartition }) =>
        resultsByPartition.map(({ partitionErrorCode }) => errorNameOf(partitionErrorCode)),
      )
    }
    const fenced = version < 2 ? 'INVALID_PRODUCER_EPOCH' : 'PRODUCER_FENCED'
    const { name } = topic
    deepEqual(await add([{ name, partitions: [0] }], producer.epoch + 1), [fenced])
    deepEqual(
      await add([
        { name, partitions: [0, 3] },
        { name: 'nowhere', partitions: [0] },
      ]),
      ['OPERATION_NOT_ATTEMPTED', 'UNKNOWN_TOPIC_OR_PARTITION', 'UNKNOWN_TOPIC_OR_PARTITION'],
    )
    deepEqual(
      await add([
        { name, partitions: [0] },
        { name: 'nowhere', partitions: [] },
      ]),
      ['OPERATION_NOT_ATTEMPTED'],
    )
    deepEqual(await add([{ name, partitions: [0, 1] }]), ['NONE', 'NONE'])
    const group = Math.min(version, 4)
    const addGroup = async (epoch?: number) =>
      errorNameOf(
        (await client.request(AddOffsetsToTxn, group, { ...named(epoch), groupId: 'g' })).errorCode,
      )
    deepEqual([await addGroup(), await addGroup(producer.epoch + 1)], ['NONE', fenced])
    const end = { ...named(producer.epoch + 1), committed: true }
    equal((await client.request(EndTxn, version, end)).errorCode, codeOf(fenced))
    await producer.produce(topic, 0, [`${version}`])
    await producer.end(true, version)
  }
  await reads(topic, 0, ['0', '1', '2', '3', '4', '5'])
})

test('a broker may ask which partitions are in a transaction (KIP-890)', async () => {
  const { topic, producer } = await begin(1)
  await producer.add(topic, 0)
  const verify = async (version: number) => {
    const answer = await client.request(AddPartitionsToTxn, version, {
      transactions: [
        {
          transactionalId: producer.transactionalId,
          producerId: producer.producerId,
          producerEpoch: producer.epoch,
          verifyOnly: true,
          topics: [{ name: topic.name, partitions: [0, 1] }],
        },
      ],
    })
    return answer.resultsByTransaction[0]!.topicResults[0]!.resultsByPartition.map(
      ({ partitionErrorCode }) => errorNameOf(partitionErrorCode),
    )
  }
  deepEqual(await verify(4), ['NONE', 'INVALID_TXN_STATE'])
  deepEqual(await verify(5), ['NONE', 'TRANSACTION_ABORTABLE'])
  await producer.end(false)
})

test('transactions are described, and listed by state, producer, age and pattern', async () => {
  const { topic, producer } = await begin(1)
  await producer.add(topic, 2, 0)
  const id = producer.transactionalId
  const [described, unknown, unnamed] = await states(id, 'nowhere', '')
  const { transactionStartTimeMs, ...rest } = described!
  equal(Math.abs(Date.now() - Number(transactionStartTimeMs)) < 60_000, true)
  deepEqual(rest, {
    errorCode: 0,
    transactionalId: id,
    transactionState: 'Ongoing',
    transactionTimeoutMs: 60_000,
    producerId: producer.producerId,
    producerEpoch: producer.epoch,
    topics: [{ topic: topic.name, partitions: [0, 2] }],
  })
  equal(errorNameOf(unknown!.errorCode), 'TRANSACTIONAL_ID_NOT_FOUND')
  equal(errorNameOf(unnamed!.errorCode), 'INVALID_REQUEST')
  const isListed = async (filters: object, version = 2) => {
    const answer = await client.request(ListTransactions, version, {
      ...{ stateFilters: [], producerIdFilters: [] },
      ...filters,
    })
    if (answer.errorCode !== 0) return errorNameOf(answer.errorCode)
    const found = answer.transactionStates.find(({ transactionalId }) => transactionalId === id)
    return found ? [found.transactionState, ...answer.unknownStateFilters] : []
  }
  for (const version of [0, 1, 2]) deepEqual(await isListed({}, version), ['Ongoing'])
  deepEqual(await isListed({ stateFilters: ['Ongoing', 'Odd'] }), ['Ongoing', 'Odd'])
  deepEqual(await isListed({ stateFilters: ['Empty'] }), [])
  deepEqual(await isListed({ producerIdFilters: [producer.producerId] }), ['Ongoing'])
  deepEqual(await isListed({ producerIdFilters: [999_999n] }), [])
  deepEqual(await isListed({ durationFilter: 0 }, 1), ['Ongoing'])
  deepEqual(await isListed({ durationFilter: 3_600_000 }, 1), [])
  deepEqual(await isListed({ transactionalIdPattern: `${id.slice(0, 2)}.*` }), ['Ongoing'])
  deepEqual(await isListed({ transactionalIdPattern: id.slice(0, 2) }), [])
  equal(await isListed({ transactionalIdPattern: '(' }), 'INVALID_REGULAR_EXPRESSION')
  await producer.end(false)
  await becomes(producer, 'CompleteAbort')
  deepEqual((await states(id))[0]!.topics, [])
})
