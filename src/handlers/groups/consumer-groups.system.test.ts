// The newer protocol of consumer groups over the wire (KIP-848), alone and beside classic members.
import { deepEqual, equal, match, notEqual } from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { errorNameOf, ResourceType } from '#model'
import {
  ConsumerGroupDescribe,
  ConsumerGroupHeartbeat,
  DeleteGroups,
  DeleteTopics,
  DescribeConfigs,
  DescribeGroups,
  Heartbeat,
  IncrementalAlterConfigs,
  JoinGroup,
  LeaveGroup,
  ListGroups,
  OffsetCommit,
  OffsetDelete,
  OffsetFetch,
  SyncGroup,
  versionsOf,
} from '#protocol'
import {
  type BoxedBroker,
  boxBroker,
  createTopic,
  type Topic,
  until,
  type WireClient,
} from '#testing'

let box: BoxedBroker
let client: WireClient
let topic: Topic
before(async () => {
  box = await boxBroker([
    'group.initial.rebalance.delay.ms=0',
    'group.consumer.min.session.timeout.ms=100',
    'group.consumer.min.heartbeat.interval.ms=10',
    'group.consumer.assignment.interval.ms=0',
    'group.consumer.max.size=3',
  ])
  client = await box.connect()
  topic = await createTopic(client, 'orders', { partitions: 4 })
})
after(async () => {
  client.close()
  await box.remove()
})

interface Said {
  memberId?: string
  memberEpoch?: number
  [field: string]: unknown
}

const beat = (groupId: string, said: Said, version = 1) =>
  client.request(ConsumerGroupHeartbeat, version, {
    groupId,
    memberId: '',
    memberEpoch: 0,
    ...said,
  })

const joining = (memberId: string, more: Said = {}): Said => ({
  memberId,
  memberEpoch: 0,
  rebalanceTimeoutMs: 10_000,
  subscribedTopicNames: ['orders'],
  topicPartitions: [],
  ...more,
})

const owning = (...partitions: number[]) => [{ topicId: topic.topicId, partitions }]

const assigned = ({ assignment }: Awaited<ReturnType<typeof beat>>): number[] | null =>
  assignment?.topicPartitions.flatMap(({ partitions }) => [...partitions]) ?? null

const commit = async (groupId: string, memberId: string, epoch: number, version = 9) => {
  const { topics } = await client.request(OffsetCommit, version, {
    groupId,
    memberId,
    generationIdOrMemberEpoch: epoch,
    topics: [
      {
        ...(version >= 10 ? { topicId: topic.topicId } : { name: 'orders' }),
        partitions: [{ partitionIndex: 0, committedOffset: 3, committedMetadata: '' }],
      },
    ],
  })
  return errorNameOf(topics[0]!.partitions[0]!.errorCode)
}

const describe = async (groupId: string, version = 1) => {
  const { groups } = await client.request(ConsumerGroupDescribe, version, {
    groupIds: [groupId],
    includeAuthorizedOperations: true,
  })
  return groups[0]!
}

for (const version of versionsOf(ConsumerGroupHeartbeat))
  test(`ConsumerGroupHeartbeat v${version} lets members in, moves partitions and lets members go`, async () => {
    const groupId = `moves-${version}`
    const first = await beat(groupId, joining('a'), version)
    equal(errorNameOf(first.errorCode), 'NONE')
    deepEqual([first.memberId, first.memberEpoch, assigned(first)], ['a', 1, [0, 1, 2, 3]])
    equal(first.heartbeatIntervalMs, 5000)
    const second = await beat(groupId, joining('b'), version)
    deepEqual([second.memberEpoch, assigned(second)], [2, []])
    const asked = await beat(groupId, { memberId: 'a', memberEpoch: 1 }, version)
    deepEqual([asked.memberEpoch, assigned(asked)], [1, [0, 1]])
    const given = await beat(
      groupId,
      { memberId: 'a', memberEpoch: 1, topicPartitions: owning(0, 1) },
      version,
    )
    deepEqual([given.memberEpoch, assigned(given)], [2, null])
    const taken = await beat(groupId, { memberId: 'b', memberEpoch: 2 }, version)
    deepEqual(assigned(taken), [2, 3])

    const described = await describe(groupId, version)
    deepEqual(
      [described.groupState, described.groupEpoch, described.assignmentEpoch],
      ['Stable', 2, 2],
    )
    deepEqual([described.assignorName, described.authorizedOperations], ['uniform', 3400])
    const member = described.members.find(({ memberId }) => memberId === 'b')!
    deepEqual(member.subscribedTopicNames, ['orders'])
    deepEqual(member.assignment, {
      topicPartitions: [{ topicId: topic.topicId, topicName: 'orders', partitions: [2, 3] }],
    })
    deepEqual(member.targetAssignment, member.assignment)
    match(member.clientHost, /^\/127\.0\.0\.1$/)
    equal(member.memberType, version >= 1 ? 1 : -1)

    const left = await beat(groupId, { memberId: 'a', memberEpoch: -1 }, version)
    deepEqual([left.errorCode, left.memberEpoch], [0, -1])
    const all = await beat(groupId, { memberId: 'b', memberEpoch: 2 }, version)
    deepEqual([all.memberEpoch, assigned(all)], [3, [0, 1, 2, 3]])
  })

test('a member that comes without an id is given one in version 0, and refused in version 1', async () => {
  const given = await beat('ids', joining(''), 0)
  equal(given.errorCode, 0)
  notEqual(given.memberId, '')
  equal(errorNameOf((await beat('ids', joining(''), 1)).errorCode), 'INVALID_REQUEST')
})

test('what may not be said is refused with its reason', async () => {
  await beat('refused', joining('a'))
  const refusals: [Said, string][] = [
    [{ memberId: 'x', memberEpoch: 1 }, 'UNKNOWN_MEMBER_ID'],
    [{ memberId: 'a', memberEpoch: 7 }, 'FENCED_MEMBER_EPOCH'],
    [{ memberId: 'a', memberEpoch: -3 }, 'INVALID_REQUEST'],
    [joining('c', { serverAssignor: 'mine' }), 'UNSUPPORTED_ASSIGNOR'],
    [joining('c', { rebalanceTimeoutMs: -1 }), 'INVALID_REQUEST'],
    [
      joining('c', { subscribedTopicNames: null, subscribedTopicRegex: '(a' }),
      'INVALID_REGULAR_EXPRESSION',
    ],
    [{ memberId: 'a', memberEpoch: 1, instanceId: 'nobody' }, 'UNKNOWN_MEMBER_ID'],
  ]
  for (const [said, error] of refusals) {
    const answer = await beat('refused', said)
    equal(errorNameOf(answer.errorCode), error)
    notEqual(answer.errorMessage ?? '', '', error)
  }
  equal(
    errorNameOf((await beat('none', { memberId: 'a', memberEpoch: 1 })).errorCode),
    'GROUP_ID_NOT_FOUND',
  )
  equal(errorNameOf((await beat('', joining('a'))).errorCode), 'INVALID_REQUEST')
})

test('static members take the place of those that have their name', async () => {
  const named = { instanceId: 'one' }
  await beat('static', joining('a', named))
  equal(
    errorNameOf((await beat('static', joining('b', named))).errorCode),
    'UNRELEASED_INSTANCE_ID',
  )
  equal((await beat('static', { memberId: 'a', memberEpoch: -2, ...named })).memberEpoch, -2)
  const back = await beat('static', joining('b', named))
  deepEqual([back.memberEpoch, assigned(back)], [1, [0, 1, 2, 3]])
  equal(
    errorNameOf((await beat('static', { memberId: 'a', memberEpoch: 1, ...named })).errorCode),
    'FENCED_INSTANCE_ID',
  )
})

test('a group of as many members as it may have takes no more', async () => {
  for (const memberId of ['a', 'b', 'c'])
    equal((await beat('full', joining(memberId))).errorCode, 0)
  equal(errorNameOf((await beat('full', joining('d'))).errorCode), 'GROUP_MAX_SIZE_REACHED')
})

test('a member that is silent for its session is put out', async () => {
  await client.request(IncrementalAlterConfigs, 1, {
    resources: [
      {
        resourceType: ResourceType.group,
        resourceName: 'silent',
        configs: [
          { name: 'consumer.session.timeout.ms', configOperation: 0, value: '100' },
          { name: 'consumer.heartbeat.interval.ms', configOperation: 0, value: '20' },
        ],
      },
    ],
    validateOnly: false,
  })
  equal((await beat('silent', joining('a'))).heartbeatIntervalMs, 20)
  await until('the member is out', async () => (await describe('silent')).groupState === 'Empty')
})

test('a member subscribes by a pattern, and is given the topics that come later', async () => {
  const pattern = { subscribedTopicNames: null, subscribedTopicRegex: 'log-.*' }
  deepEqual(assigned(await beat('pattern', joining('a', pattern))), [])
  await createTopic(client, 'log-a', { partitions: 2 })
  const later = await beat('pattern-2', joining('a', pattern))
  deepEqual(assigned(later), [0, 1])
  equal((await describe('pattern-2')).members[0]!.subscribedTopicRegex, 'log-.*')
  equal((await describe('pattern-2', 0)).members[0]!.subscribedTopicRegex, 'log-.*')
})

test('a topic that is deleted is taken from its member', async () => {
  const short = await createTopic(client, 'short-lived')
  const more = { subscribedTopicNames: ['short-lived', 'orders'] }
  const first = await beat('deleted', joining('a', more))
  equal(first.assignment!.topicPartitions.length, 2)
  await client.request(DeleteTopics, 6, { topics: [{ topicId: short.topicId }], timeoutMs: 5000 })
  const asked = await beat('deleted', { memberId: 'a', memberEpoch: 1 })
  deepEqual(
    asked.assignment!.topicPartitions.map(({ topicId }) => topicId),
    [topic.topicId],
  )
})

test('offsets are committed and read under the epoch of the member', async () => {
  await beat('commits', joining('a'))
  equal(await commit('commits', 'a', 1), 'NONE')
  equal(await commit('commits', 'a', 1, 10), 'NONE')
  equal(await commit('commits', 'a', 2), 'STALE_MEMBER_EPOCH')
  equal(await commit('commits', 'b', 1), 'UNKNOWN_MEMBER_ID')
  equal(await commit('commits', '', -1), 'UNKNOWN_MEMBER_ID')
  equal(await commit('commits', 'a', 1, 8), 'UNSUPPORTED_VERSION')
  const read = async (memberId: string | null, memberEpoch: number) => {
    const { groups } = await client.request(OffsetFetch, 9, {
      groups: [
        {
          groupId: 'commits',
          memberId,
          memberEpoch,
          topics: [{ name: 'orders', partitionIndexes: [0] }],
        },
      ],
    })
    const [group] = groups
    return group!.errorCode === 0
      ? group!.topics[0]!.partitions[0]!.committedOffset
      : errorNameOf(group!.errorCode)
  }
  equal(await read('a', 1), 3)
  equal(await read(null, -1), 3)
  equal(await read('a', 2), 'STALE_MEMBER_EPOCH')
  equal(await read('b', 1), 'UNKNOWN_MEMBER_ID')
  const kept = await client.request(OffsetDelete, 0, {
    groupId: 'commits',
    topics: [{ name: 'orders', partitions: [{ partitionIndex: 0 }] }],
  })
  equal(errorNameOf(kept.topics[0]!.partitions[0]!.errorCode), 'GROUP_SUBSCRIBED_TO_TOPIC')
})

test('a group is listed by its type and state, described by its own API, and deleted when it is empty', async () => {
  await beat('listed', joining('a'))
  const list = async (typesFilter: string[], statesFilter: string[] = []) => {
    const { groups } = await client.request(ListGroups, 5, { typesFilter, statesFilter })
    return groups.find(({ groupId }) => groupId === 'listed')
  }
  deepEqual(await list(['Consumer'], ['stable']), {
    groupId: 'listed',
    protocolType: 'consumer',
    groupState: 'Stable',
    groupType: 'consumer',
  })
  equal(await list(['classic']), undefined)
  const asClassic = await client.request(DescribeGroups, 6, { groups: ['listed'] })
  equal(errorNameOf(asClassic.groups[0]!.errorCode), 'GROUP_ID_NOT_FOUND')
  equal(errorNameOf((await describe('nowhere')).errorCode), 'GROUP_ID_NOT_FOUND')

  const remove = async () => {
    const { results } = await client.request(DeleteGroups, 2, { groupsNames: ['listed'] })
    return errorNameOf(results[0]!.errorCode)
  }
  equal(await remove(), 'NON_EMPTY_GROUP')
  await beat('listed', { memberId: 'a', memberEpoch: -1 })
  equal((await describe('listed')).groupState, 'Empty')
  equal(await remove(), 'NONE')
  equal(await remove(), 'GROUP_ID_NOT_FOUND')
  equal((await beat('listed', joining('a'))).memberEpoch, 1)
})

test('a group goes on after a restart where it was', async () => {
  await beat('kept', joining('a', { subscribedTopicRegex: 'ord.*', rackId: 'r' }))
  await beat('kept', joining('b'))
  await beat('kept', { memberId: 'a', memberEpoch: 1 })
  await commit('kept', 'a', 1)
  const before = await describe('kept')
  equal(before.groupState, 'Reconciling')
  client.close()
  await box.restart()
  client = await box.connect()
  const byId = (group: typeof before) => ({
    ...group,
    members: [...group.members].sort((one, other) => (one.memberId < other.memberId ? -1 : 1)),
  })
  deepEqual(byId(await describe('kept')), byId(before))
  const given = await beat('kept', {
    memberId: 'a',
    memberEpoch: 1,
    topicPartitions: owning(0, 1),
  })
  equal(given.memberEpoch, 2)
  deepEqual(assigned(await beat('kept', { memberId: 'b', memberEpoch: 2 })), [2, 3])
})

const subscription = Buffer.concat([
  Buffer.from([0, 0, 0, 0, 0, 1, 0, 6]),
  Buffer.from('orders'),
  Buffer.from([0xff, 0xff, 0xff, 0xff]),
])
/** What a classic leader gives a member: partitions of `orders`. */
const embedded = (...partitions: number[]): Buffer => {
  const numbers = partitions.flatMap((partition) => [0, 0, 0, partition])
  return Buffer.concat([
    Buffer.from([0, 0, 0, 0, 0, 1, 0, 6]),
    Buffer.from('orders'),
    Buffer.from([0, 0, 0, partitions.length, ...numbers, 0xff, 0xff, 0xff, 0xff]),
  ])
}
const ownedIn = (assignment: Uint8Array): number[] => {
  const bytes = Buffer.from(assignment)
  if (bytes.length < 8 || bytes.readInt32BE(2) === 0) return []
  const count = bytes.readInt32BE(14)
  return Array.from({ length: count }, (_, index) => bytes.readInt32BE(18 + 4 * index))
}

const classicJoin = (groupId: string, memberId: string) =>
  client.request(JoinGroup, 9, {
    groupId,
    memberId,
    sessionTimeoutMs: 10_000,
    rebalanceTimeoutMs: 10_000,
    protocolType: 'consumer',
    protocols: [{ name: 'range', metadata: subscription }],
  })
const classicEnter = async (groupId: string) => {
  const { memberId } = await classicJoin(groupId, '')
  return { memberId, joined: await classicJoin(groupId, memberId) }
}
const classicSync = (groupId: string, memberId: string, generationId: number, own: number[]) =>
  client.request(SyncGroup, 5, {
    groupId,
    memberId,
    generationId,
    protocolType: 'consumer',
    protocolName: 'range',
    assignments: own.length > 0 ? [{ memberId, assignment: embedded(...own) }] : [],
  })
const classicBeat = async (groupId: string, memberId: string, generationId: number) => {
  const { errorCode } = await client.request(Heartbeat, 4, { groupId, memberId, generationId })
  return errorNameOf(errorCode)
}

test('a classic group goes on with the newer protocol when a member of it joins, and back when it leaves', async () => {
  const groupId = 'migrates'
  const { memberId, joined } = await classicEnter(groupId)
  await classicSync(groupId, memberId, joined.generationId, [0, 1, 2, 3])
  equal(await commit(groupId, memberId, joined.generationId), 'NONE')

  const newer = await beat(groupId, joining('n'))
  deepEqual([newer.memberEpoch, assigned(newer)], [2, []])
  const described = await describe(groupId)
  deepEqual(described.members.map(({ memberType }) => memberType).sort(), [0, 1])
  equal(await classicBeat(groupId, memberId, joined.generationId), 'REBALANCE_IN_PROGRESS')
  const again = await classicJoin(groupId, memberId)
  deepEqual([again.errorCode, again.leader, again.members.length], [0, '', 0])
  const synced = await classicSync(groupId, memberId, again.generationId, [])
  deepEqual(ownedIn(synced.assignment), [0, 1])
  const rejoined = await classicJoin(groupId, memberId)
  equal(rejoined.errorCode, 0)
  deepEqual(
    assigned(await beat(groupId, { memberId: 'n', memberEpoch: newer.memberEpoch })),
    [2, 3],
  )
  client.close()
  await box.restart()
  client = await box.connect()
  equal((await describe(groupId)).groupState, 'Stable')

  await beat(groupId, { memberId: 'n', memberEpoch: -1 })
  const classic = await client.request(DescribeGroups, 6, { groups: [groupId] })
  deepEqual(
    [classic.groups[0]!.groupState, classic.groups[0]!.members.map((member) => member.memberId)],
    ['PreparingRebalance', [memberId]],
  )
  equal(errorNameOf((await describe(groupId)).errorCode), 'GROUP_ID_NOT_FOUND')
  const last = await classicJoin(groupId, memberId)
  deepEqual([last.errorCode, last.leader, last.members.length], [0, memberId, 1])
  const all = await classicSync(groupId, memberId, last.generationId, [0, 1, 2, 3])
  deepEqual(ownedIn(all.assignment), [0, 1, 2, 3])
  const { groups } = await client.request(OffsetFetch, 8, { groups: [{ groupId, topics: null }] })
  equal(groups[0]!.topics[0]!.partitions[0]!.committedOffset, 3)
})

test('a JoinGroup and a SyncGroup that wait are told to come again when the newer protocol takes over', async () => {
  const groupId = 'interrupts'
  const { memberId } = await classicJoin(groupId, '')
  const { generationId } = await classicJoin(groupId, memberId)
  const other = await box.connect()
  const enter = (over: WireClient, id: string) =>
    over.request(JoinGroup, 9, {
      groupId,
      memberId: id,
      sessionTimeoutMs: 10_000,
      rebalanceTimeoutMs: 10_000,
      protocolType: 'consumer',
      protocols: [{ name: 'range', metadata: subscription }],
    })
  await classicSync(groupId, memberId, generationId, [0, 1, 2, 3])
  const second = await enter(other, '')
  const waits = enter(other, second.memberId)
  await until(
    'the member is called',
    async () => (await classicBeat(groupId, memberId, generationId)) !== 'NONE',
  )
  equal((await beat(groupId, joining('n'))).errorCode, 0)
  equal(errorNameOf((await waits).errorCode), 'REBALANCE_IN_PROGRESS')
  other.close()
})

test('a classic member makes a classic group of one that nobody of the newer protocol is in', async () => {
  const groupId = 'returns'
  await beat(groupId, joining('n'))
  await commit(groupId, 'n', 1)
  await beat(groupId, { memberId: 'n', memberEpoch: -1 })
  const { memberId, joined } = await classicEnter(groupId)
  deepEqual([joined.errorCode, joined.leader], [0, memberId])
  await classicSync(groupId, memberId, joined.generationId, [0])
  const { members } = await client.request(LeaveGroup, 5, { groupId, members: [{ memberId }] })
  equal(members[0]!.errorCode, 0)
  const { groups } = await client.request(OffsetFetch, 8, { groups: [{ groupId, topics: null }] })
  equal(groups[0]!.topics[0]!.partitions[0]!.committedOffset, 3)
})

test('a group of another protocol type is not taken over', async () => {
  const groupId = 'connect'
  const first = await client.request(JoinGroup, 3, {
    groupId,
    memberId: '',
    sessionTimeoutMs: 10_000,
    rebalanceTimeoutMs: 10_000,
    protocolType: 'connect',
    protocols: [{ name: 'p', metadata: Buffer.from('x') }],
  })
  equal(first.errorCode, 0)
  equal(errorNameOf((await beat(groupId, joining('n'))).errorCode), 'GROUP_ID_NOT_FOUND')
  const classic = await client.request(DescribeGroups, 6, { groups: [groupId] })
  equal(classic.groups[0]!.protocolType, 'connect')
})

test('the settings of a group are changed and described, within the bounds of the broker', async () => {
  const change = async (name: string, value: string | null, configOperation = 0) => {
    const { responses } = await client.request(IncrementalAlterConfigs, 1, {
      resources: [
        {
          resourceType: ResourceType.group,
          resourceName: 'tuned',
          configs: [{ name, configOperation, value }],
        },
      ],
      validateOnly: false,
    })
    return errorNameOf(responses[0]!.errorCode)
  }
  const described = async () => {
    const { results } = await client.request(DescribeConfigs, 4, {
      resources: [
        { resourceType: ResourceType.group, resourceName: 'tuned', configurationKeys: null },
      ],
      includeSynonyms: true,
    })
    return results[0]!.configs.map(({ name, value, configSource }) => [name, value, configSource])
  }
  equal(await change('consumer.assignment.interval.ms', '200'), 'NONE')
  equal(await change('consumer.session.timeout.ms', '60001'), 'INVALID_CONFIG')
  equal(await change('consumer.session.timeout.ms', '4000'), 'INVALID_CONFIG')
  equal(await change('consumer.sessions', '1'), 'INVALID_CONFIG')
  equal(await change('consumer.session.timeout.ms', null), 'INVALID_REQUEST')
  client.close()
  await box.restart()
  client = await box.connect()
  const standard = [
    ['consumer.heartbeat.interval.ms', '5000', 5],
    ['consumer.session.timeout.ms', '45000', 5],
  ]
  deepEqual(await described(), [['consumer.assignment.interval.ms', '200', 8], ...standard])
  equal(await change('consumer.assignment.interval.ms', null, 1), 'NONE')
  deepEqual(await described(), [['consumer.assignment.interval.ms', '0', 4], ...standard])
})
