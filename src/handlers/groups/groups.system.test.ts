import { deepEqual, equal, match, notEqual } from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { codeOf, type ErrorName, errorNameOf, zeroUuid } from '#model'
import {
  DeleteGroups,
  DescribeGroups,
  FindCoordinator,
  Heartbeat,
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
  box = await boxBroker(['group.initial.rebalance.delay.ms=0', 'group.max.size=1'])
  client = await box.connect()
  topic = await createTopic(client, 'read', { partitions: 3 })
})
after(async () => {
  client.close()
  await box.remove()
})

const join = (groupId: string, version: number, more: object = {}, over = client) =>
  over.request(JoinGroup, version, {
    groupId,
    sessionTimeoutMs: 10_000,
    ...(version > 0 && { rebalanceTimeoutMs: 10_000 }),
    memberId: '',
    protocolType: 'consumer',
    protocols: [{ name: 'range', metadata: Buffer.from('mine') }],
    ...more,
  })

/** Joins as often as the version needs to, and is assigned something. */
const settle = async (groupId: string, version = 9) => {
  const first = await join(groupId, version)
  const { memberId } = first
  const joined = first.errorCode === 0 ? first : await join(groupId, version, { memberId })
  equal(errorNameOf(joined.errorCode), 'NONE')
  const { generationId } = joined
  const synced = await client.request(SyncGroup, Math.min(version, 5), {
    groupId,
    memberId,
    generationId,
    assignments: [{ memberId, assignment: Buffer.from('given') }],
  })
  equal(Buffer.from(synced.assignment).toString(), 'given')
  return { groupId, memberId, generationId, first, joined, synced }
}

const names = (answers: readonly { errorCode: number }[]): ErrorName[] =>
  answers.map(({ errorCode }) => errorNameOf(errorCode))

for (const version of versionsOf(FindCoordinator))
  test(`FindCoordinator v${version} names this broker for a group and a transactional id`, async () => {
    const asked = version >= 4 ? { coordinatorKeys: ['a', 'b'] } : { key: 'a' }
    const answer = await client.request(FindCoordinator, version, asked)
    if (version >= 1)
      deepEqual(await client.request(FindCoordinator, version, { keyType: 1, ...asked }), answer)
    const found = version >= 4 ? answer.coordinators : [answer]
    deepEqual(names(found), version >= 4 ? ['NONE', 'NONE'] : ['NONE'])
    deepEqual([found[0]?.port, found[0]?.nodeId], [box.port, 1])
    if (version >= 4)
      deepEqual(
        answer.coordinators.map(({ key }) => key),
        ['a', 'b'],
      )
  })

test('FindCoordinator knows no other kinds of coordinator yet', async () => {
  const find = async (keyType: number, version: number) => {
    const asked = version >= 4 ? { coordinatorKeys: ['a'] } : { key: 'a' }
    const answer = await client.request(FindCoordinator, version, { keyType, ...asked })
    return names(version >= 4 ? answer.coordinators : [answer])
  }
  deepEqual(await find(2, 6), ['COORDINATOR_NOT_AVAILABLE'])
  deepEqual(await find(2, 5), ['INVALID_REQUEST'])
  deepEqual(await find(7, 6), ['INVALID_REQUEST'])
})

for (const version of versionsOf(JoinGroup))
  test(`JoinGroup v${version} makes a member that syncs, beats and leaves`, async () => {
    const groupId = `joined-${version}`
    const { memberId, generationId, first, joined, synced } = await settle(groupId, version)
    equal(errorNameOf(first.errorCode), version >= 4 ? 'MEMBER_ID_REQUIRED' : 'NONE')
    match(memberId, /^wire-client-.{22}$/)
    equal(joined.leader, memberId)
    equal(joined.protocolName, 'range')
    if (version >= 7) equal(joined.protocolType, 'consumer')
    deepEqual(
      joined.members.map(({ metadata }) => Buffer.from(metadata).toString()),
      ['mine'],
    )
    if (version >= 5) deepEqual([synced.protocolType, synced.protocolName], ['consumer', 'range'])
    const member = { groupId, memberId, generationId }
    const beat = await client.request(Heartbeat, Math.min(version, 4), member)
    equal(errorNameOf(beat.errorCode), 'NONE')
    const leaving = Math.min(version, 5)
    const left = await client.request(LeaveGroup, leaving, {
      groupId,
      ...(leaving >= 3 ? { members: [{ memberId }] } : { memberId }),
    })
    equal(errorNameOf(left.errorCode), 'NONE')
    if (leaving >= 3) deepEqual(names(left.members), ['NONE'])
    const late = await client.request(Heartbeat, 4, member)
    equal(errorNameOf(late.errorCode), 'UNKNOWN_MEMBER_ID')
  })

test('what nobody can be told is refused by its code in every group API', async () => {
  const odd = { groupId: '', memberId: '', generationId: 1 }
  const nobody = { groupId: 'nobody', memberId: 'x', generationId: 1 }
  deepEqual(
    names([
      await join('', 9),
      await join('nobody', 9, { memberId: 'x' }),
      await join('nobody', 9, { sessionTimeoutMs: 5 }),
      await join('nobody', 9, { protocols: [] }),
      await client.request(SyncGroup, 5, { ...odd, assignments: [] }),
      await client.request(SyncGroup, 5, { ...nobody, assignments: [] }),
      await client.request(Heartbeat, 4, odd),
      await client.request(Heartbeat, 4, nobody),
      await client.request(LeaveGroup, 5, { groupId: '', members: [] }),
      await client.request(LeaveGroup, 2, { groupId: 'nobody', memberId: 'x' }),
    ]),
    [
      'INVALID_GROUP_ID',
      'UNKNOWN_MEMBER_ID',
      'INVALID_SESSION_TIMEOUT',
      'INCONSISTENT_GROUP_PROTOCOL',
      'INVALID_GROUP_ID',
      'UNKNOWN_MEMBER_ID',
      'INVALID_GROUP_ID',
      'UNKNOWN_MEMBER_ID',
      'INVALID_GROUP_ID',
      'UNKNOWN_MEMBER_ID',
    ],
  )
})

const commit = async (
  groupId: string,
  version: number,
  partitions: readonly {
    partitionIndex: number
    committedOffset: number
    metadata?: string | null
  }[],
  more: object = {},
) => {
  const { topics } = await client.request(OffsetCommit, version, {
    groupId,
    memberId: '',
    topics: [
      {
        ...(version >= 10 ? { topicId: topic.topicId } : { name: topic.name }),
        partitions: partitions.map(({ metadata = '', ...partition }) => ({
          ...partition,
          ...(version >= 6 && { committedLeaderEpoch: 0 }),
          committedMetadata: metadata,
        })),
      },
    ],
    ...more,
  })
  return names(topics.flatMap((each) => each.partitions))
}

const fetch = async (groupId: string, version: number, partitionIndexes: number[] | null) => {
  const named = version >= 10 ? { topicId: topic.topicId } : { name: topic.name }
  const topics = partitionIndexes && [{ ...named, name: topic.name, partitionIndexes }]
  const answer = await client.request(OffsetFetch, version, {
    ...(version >= 8
      ? { groups: [{ groupId, topics: topics?.map((each) => ({ ...named, ...each })) ?? null }] }
      : { groupId, topics }),
  })
  const found = version >= 8 ? answer.groups[0]! : answer
  equal(errorNameOf(found.errorCode), 'NONE')
  return found.topics.flatMap((each) =>
    each.partitions.map(({ partitionIndex, committedOffset, metadata }) => [
      partitionIndex,
      committedOffset,
      metadata,
    ]),
  )
}

for (const version of versionsOf(OffsetCommit))
  test(`OffsetCommit v${version} is found by every version of OffsetFetch`, async () => {
    const groupId = `committed-${version}`
    const offsets = [
      { partitionIndex: 0, committedOffset: version, metadata: null },
      { partitionIndex: 2, committedOffset: 2 ** 40, metadata: 'ž\0"' },
      { partitionIndex: 3, committedOffset: 1 },
      { partitionIndex: 1, committedOffset: 1, metadata: 'x'.repeat(4097) },
    ]
    deepEqual(await commit(groupId, version, offsets), [
      'NONE',
      'NONE',
      'UNKNOWN_TOPIC_OR_PARTITION',
      'OFFSET_METADATA_TOO_LARGE',
    ])
    for (const fetchVersion of versionsOf(OffsetFetch)) {
      const known = [
        [0, version, ''],
        [2, 2 ** 40, 'ž\0"'],
      ]
      deepEqual(await fetch(groupId, fetchVersion, [0, 1, 2]), [known[0], [1, -1, ''], known[1]])
      if (fetchVersion >= 2) deepEqual(await fetch(groupId, fetchVersion, null), known)
    }
  })

test('commits that come before the answer of the one before keep their order, and are read after', async () => {
  const commits = Array.from({ length: 20 }, (_, committedOffset) =>
    commit('in-a-row', 9, [{ partitionIndex: 0, committedOffset }]),
  )
  const read = fetch('in-a-row', 7, [0])
  for (const errors of await Promise.all(commits)) deepEqual(errors, ['NONE'])
  deepEqual(await read, [[0, 19, '']])
})

test('a commit of an earlier generation, of nobody, or beyond all numbers is refused', async () => {
  const { groupId, memberId, generationId } = await settle('fenced')
  const one = [{ partitionIndex: 0, committedOffset: 1 }]
  const generation = (id: number) => ({ memberId, generationIdOrMemberEpoch: id })
  deepEqual(await commit(groupId, 9, one, generation(generationId)), ['NONE'])
  deepEqual(await commit(groupId, 9, one, generation(generationId - 1)), ['ILLEGAL_GENERATION'])
  deepEqual(await commit(groupId, 9, one), ['UNKNOWN_MEMBER_ID'])
  const other = { memberId: 'x', generationIdOrMemberEpoch: 1 }
  deepEqual(await commit(groupId, 9, one, other), ['UNKNOWN_MEMBER_ID'])
  deepEqual(await commit('none', 8, one, other), ['ILLEGAL_GENERATION'])
  for (const version of [9, 10])
    deepEqual(await commit('none', version, one, other), ['GROUP_ID_NOT_FOUND'])
  const far = [{ partitionIndex: 0, committedOffset: Number.MAX_SAFE_INTEGER }]
  deepEqual(await commit('none', 9, far), ['OFFSET_OUT_OF_RANGE'])
})

test('topics that are not known are no reason to refuse the others', async () => {
  const asked = (version: number) => ({
    groupId: 'some',
    memberId: '',
    topics: [
      { name: 'none', topicId: zeroUuid },
      { name: topic.name, topicId: topic.topicId },
    ].map(({ name, topicId }) => ({
      ...(version >= 10 ? { topicId } : { name }),
      partitions: [{ partitionIndex: 0, committedOffset: 7, committedMetadata: '' }],
    })),
  })
  for (const [version, code] of [
    [9, 'UNKNOWN_TOPIC_OR_PARTITION'],
    [10, 'UNKNOWN_TOPIC_ID'],
  ] as const) {
    const { topics } = await client.request(OffsetCommit, version, asked(version))
    deepEqual(names(topics.flatMap(({ partitions }) => partitions)), [code, 'NONE'])
  }
  const { groups } = await client.request(OffsetFetch, 10, {
    groups: [{ groupId: 'some', topics: [{ topicId: zeroUuid, partitionIndexes: [0] }] }],
  })
  deepEqual(names(groups[0]!.topics[0]!.partitions), ['UNKNOWN_TOPIC_ID'])
})

test('groups and offsets are there after a restart, and members go on without a rebalance', async () => {
  const { groupId, memberId, generationId } = await settle('kept')
  await commit(groupId, 9, [{ partitionIndex: 1, committedOffset: 9 }], {
    memberId,
    generationIdOrMemberEpoch: generationId,
  })
  client.close()
  await box.restart()
  client = await box.connect()
  deepEqual(await fetch(groupId, 9, [1]), [[1, 9, '']])
  const beat = await client.request(Heartbeat, 4, { groupId, memberId, generationId })
  equal(errorNameOf(beat.errorCode), 'NONE')
})

for (const version of versionsOf(DescribeGroups))
  test(`DescribeGroups v${version} shows members and what they were given`, async () => {
    const { groupId, memberId } = await settle(`shown-${version}`)
    const { groups } = await client.request(DescribeGroups, version, { groups: [groupId, 'no'] })
    const [group, none] = groups
    deepEqual(
      [group?.groupState, group?.protocolType, group?.protocolData],
      ['Stable', 'consumer', 'range'],
    )
    const [member] = group!.members
    deepEqual(
      [member?.memberId, member?.clientId, member?.clientHost],
      [memberId, 'wire-client', '/127.0.0.1'],
    )
    equal(Buffer.from(member!.memberMetadata).toString(), 'mine')
    equal(Buffer.from(member!.memberAssignment).toString(), 'given')
    deepEqual(
      [errorNameOf(none!.errorCode), none!.groupState],
      [version >= 6 ? 'GROUP_ID_NOT_FOUND' : 'NONE', 'Dead'],
    )
  })

for (const version of versionsOf(ListGroups))
  test(`ListGroups v${version} shows groups by state and type`, async () => {
    const { groupId } = await settle(`listed-${version}`)
    await commit(`simple-${version}`, 9, [{ partitionIndex: 0, committedOffset: 1 }])
    const list = async (filters: object) => {
      const { groups } = await client.request(ListGroups, version, filters)
      return groups.filter((group) => group.groupId.endsWith(`-${version}`))
    }
    const all = await list({})
    const own = all.find((group) => group.groupId === groupId)
    equal(own?.protocolType, 'consumer')
    equal(all.find((group) => group.groupId === `simple-${version}`)?.protocolType, '')
    if (version >= 4) {
      equal(own?.groupState, 'Stable')
      const empty = await list({ statesFilter: ['EMPTY'] })
      equal(
        empty.some((group) => group.groupId === groupId),
        false,
      )
      equal(
        empty.some((group) => group.groupId === `simple-${version}`),
        true,
      )
    }
    if (version >= 5) {
      equal(own?.groupType, 'classic')
      deepEqual(await list({ typesFilter: ['consumer'] }), [])
      equal((await list({ typesFilter: ['Classic'] })).length, all.length)
    }
  })

for (const version of versionsOf(DeleteGroups))
  test(`DeleteGroups v${version} deletes groups without members, and their offsets`, async () => {
    const { groupId } = await settle(`busy-${version}`)
    const idle = `idle-${version}`
    await commit(idle, 9, [{ partitionIndex: 0, committedOffset: 1 }])
    const { results } = await client.request(DeleteGroups, version, {
      groupsNames: [groupId, idle, 'none'],
    })
    deepEqual(names(results), ['NON_EMPTY_GROUP', 'NONE', 'GROUP_ID_NOT_FOUND'])
    deepEqual(await fetch(idle, 9, null), [])
    const { groups } = await client.request(ListGroups, 5, {})
    equal(
      groups.some((group) => group.groupId === idle),
      false,
    )
  })

test('OffsetDelete forgets what no member reads, and answers for each partition', async () => {
  const groupId = 'forgetful'
  const both = [0, 1].map((partitionIndex) => ({ partitionIndex, committedOffset: 5 }))
  await commit(groupId, 9, both)
  const forget = (id: string) =>
    client.request(OffsetDelete, 0, {
      groupId: id,
      topics: [
        { name: topic.name, partitions: [{ partitionIndex: 1 }, { partitionIndex: 9 }] },
        { name: 'none', partitions: [{ partitionIndex: 0 }] },
      ],
    })
  const { errorCode, topics } = await forget(groupId)
  equal(errorNameOf(errorCode), 'NONE')
  deepEqual(names(topics.flatMap(({ partitions }) => partitions)), [
    'NONE',
    'UNKNOWN_TOPIC_OR_PARTITION',
    'UNKNOWN_TOPIC_OR_PARTITION',
  ])
  deepEqual(await fetch(groupId, 9, null), [[0, 5, '']])
  equal(errorNameOf((await forget('nobody')).errorCode), 'GROUP_ID_NOT_FOUND')
  // What a member embeds here cannot be read: it may be reading anything.
  const member = await settle('reading')
  const { topics: kept } = await forget(member.groupId)
  equal(errorNameOf(kept[0]!.partitions[0]!.errorCode), 'GROUP_SUBSCRIBED_TO_TOPIC')
})

test('a static member that comes back takes its place and fences what it was', async () => {
  const first = await join('static', 9, { groupInstanceId: 'one' })
  const { memberId, generationId } = first
  const member = { groupId: 'static', memberId, generationId, groupInstanceId: 'one' }
  const assignments = [{ memberId, assignment: Buffer.from('given') }]
  await client.request(SyncGroup, 5, { ...member, assignments })
  const second = await join('static', 9, { groupInstanceId: 'one' })
  deepEqual(
    [second.generationId, second.leader, second.skipAssignment, second.members.length],
    [generationId, second.memberId, true, 1],
  )
  const fenced = await client.request(Heartbeat, 4, member)
  equal(errorNameOf(fenced.errorCode), 'FENCED_INSTANCE_ID')
  const again = { ...member, memberId: second.memberId, assignments: [] }
  const synced = await client.request(SyncGroup, 5, again)
  equal(Buffer.from(synced.assignment).toString(), 'given')
  const left = await client.request(LeaveGroup, 5, {
    groupId: 'static',
    members: [
      { memberId, groupInstanceId: 'one' },
      { memberId: '', groupInstanceId: 'one' },
      { memberId: '', groupInstanceId: 'two' },
    ],
  })
  deepEqual(names(left.members), ['FENCED_INSTANCE_ID', 'NONE', 'UNKNOWN_MEMBER_ID'])
})

test('a JoinGroup that waits is answered when the broker stops', async () => {
  const own = await boxBroker(['group.initial.rebalance.delay.ms=60000'])
  const over = await own.connect()
  const other = await own.connect()
  const waiting = join('waits', 3, {}, over)
  await until('the member waits', async () => {
    const { groups } = await other.request(ListGroups, 5, {})
    return groups[0]?.groupState === 'PreparingRebalance'
  })
  other.close()
  const removed = own.remove()
  equal(errorNameOf((await waiting).errorCode), 'NOT_COORDINATOR')
  await removed
})

test('a group takes no more members than it may have', async () => {
  const { groupId } = await settle('small')
  const other = await join(groupId, 3)
  equal(errorNameOf(other.errorCode), 'GROUP_MAX_SIZE_REACHED')
})

test('ids of every odd form name groups of their own', async () => {
  const odd = [' ', '\0', 'a\0b', 'ž', '😀', "' OR 1=1 --", 'x'.repeat(10_000), '%', '_']
  for (const [index, groupId] of odd.entries())
    deepEqual(await commit(groupId, 9, [{ partitionIndex: 0, committedOffset: index }]), ['NONE'])
  for (const [index, groupId] of odd.entries())
    deepEqual(await fetch(groupId, 9, [0]), [[0, index, '']])
  const { memberId } = await settle('a\0c')
  notEqual(memberId, '')
  equal(codeOf('NONE'), 0)
})
