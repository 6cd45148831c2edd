// Each error that Kafka knows of the group APIs: how it is reached here, or why it cannot be.
import { deepEqual, equal } from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type ErrorName, errorNameOf, uuidFromRandomBytes, zeroUuid } from '#model'
import {
  type Api,
  ConsumerGroupDescribe,
  ConsumerGroupHeartbeat,
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
  type RequestInput,
  type ResponseOf,
  SyncGroup,
} from '#protocol'
import {
  type BoxedBroker,
  boxBroker,
  createTopic,
  groupErrors,
  type Topic,
  TransactionalClient,
  until,
  type WireClient,
} from '#testing'

let box: BoxedBroker
let client: WireClient
let topic: Topic
before(async () => {
  box = await boxBroker([
    'group.initial.rebalance.delay.ms=0',
    'group.max.size=2',
    'group.consumer.max.size=2',
    'offset.metadata.max.bytes=10',
  ])
  client = await box.connect()
  topic = await createTopic(client, 'read', { partitions: 2 })
})
after(async () => {
  client.close()
  await box.remove()
})

const ask = <A extends Api>(api: A, input: RequestInput<A>): Promise<ResponseOf<A>> =>
  client.request(api, api.versions[1], input)

type Errors = Promise<{ readonly errorCode: number } | undefined>

const unknownId = uuidFromRandomBytes(Buffer.alloc(16, 7))
let count = 0
const freshId = (): string => {
  count += 1
  return `group-${count}`
}

const join = (groupId: string, more: object = {}, over = client, version = 9) =>
  over.request(JoinGroup, version, {
    groupId,
    memberId: '',
    sessionTimeoutMs: 10_000,
    rebalanceTimeoutMs: 10_000,
    protocolType: 'consumer',
    protocols: [{ name: 'range', metadata: subscription }],
    ...more,
  })
/** Version 0, the topic `read`, no data of its own. */
const subscription = Buffer.from('000000000001000472656164ffffffff', 'hex')

interface Settled {
  readonly groupId: string
  readonly memberId: string
  readonly generationId: number
  readonly groupInstanceId: string | null
}

/** A member that has a generation and an assignment. */
const settled = async (instanceId: string | null = null): Promise<Settled> => {
  const groupId = freshId()
  const more = { groupInstanceId: instanceId }
  const first = await join(groupId, more)
  const { memberId } = first
  const { generationId } =
    first.errorCode === 0 ? first : await join(groupId, { ...more, memberId })
  const member = { groupId, memberId, generationId, groupInstanceId: instanceId }
  equal((await sync(member, {}, [{ memberId, assignment: Buffer.alloc(0) }])).errorCode, 0)
  return member
}

const sync = (
  member: Settled,
  more: object = {},
  assignments: RequestInput<typeof SyncGroup>['assignments'] = [],
) => ask(SyncGroup, { ...member, assignments, ...more })
const beat = (member: Settled, more: object = {}) => ask(Heartbeat, { ...member, ...more })

/** A member whose group waits for all to join again, because another one has come. */
const called = async (): Promise<Settled> => {
  const member = await settled()
  const { memberId } = await join(member.groupId)
  const other = await box.connect()
  void join(member.groupId, { memberId }, other)
    .catch(() => undefined)
    .then(() => other.close())
  await until(
    'the group is to join again',
    async () => errorNameOf((await beat(member)).errorCode) === 'REBALANCE_IN_PROGRESS',
  )
  return member
}

/** A static member whose name another has taken. */
const fenced = async (): Promise<Settled> => {
  const member = await settled('name')
  await join(member.groupId, { groupInstanceId: 'name' })
  return member
}

const commit = async (
  groupId: string,
  more: object = {},
  partition: object = {},
  named: object = {},
  version = 10,
) => {
  const { topics } = await client.request(OffsetCommit, version, {
    groupId,
    memberId: '',
    generationIdOrMemberEpoch: -1,
    topics: [
      {
        topicId: topic.topicId,
        partitions: [
          { partitionIndex: 0, committedOffset: 1, committedMetadata: '', ...partition },
        ],
        ...named,
      },
    ],
    ...more,
  })
  return topics[0]!.partitions[0]
}
const commitOf = ({ generationId, ...member }: Settled, more: object = {}) =>
  commit(member.groupId, { ...member, generationIdOrMemberEpoch: generationId, ...more })

const fetch = async (groupId: string, more: object = {}, named: object = {}, stable = false) => {
  const { groups } = await ask(OffsetFetch, {
    requireStable: stable,
    groups: [
      {
        groupId,
        topics: [{ topicId: topic.topicId, partitionIndexes: [0], ...named }],
        ...more,
      },
    ],
  })
  const [group] = groups
  return group!.errorCode === 0 ? group!.topics[0]!.partitions[0] : group
}

const consume = (groupId: string, more: object = {}) =>
  ask(ConsumerGroupHeartbeat, {
    groupId,
    memberId: uuidFromRandomBytes(Buffer.from(freshId().padEnd(16))),
    memberEpoch: 0,
    rebalanceTimeoutMs: 10_000,
    subscribedTopicNames: ['read'],
    topicPartitions: [],
    ...more,
  })
/** A member of the newer protocol. */
const consuming = async (instanceId: string | null = null) => {
  const groupId = freshId()
  const { memberId, memberEpoch } = await consume(groupId, { instanceId })
  return { groupId, memberId: memberId!, memberEpoch, instanceId }
}
const consumeAgain = (groupId: string, more: object) =>
  consume(groupId, {
    rebalanceTimeoutMs: -1,
    subscribedTopicNames: null,
    topicPartitions: null,
    ...more,
  })

const leave = async (groupId: string, members: RequestInput<typeof LeaveGroup>['members']) => {
  const left = await ask(LeaveGroup, { groupId, members })
  return left.errorCode === 0 ? left.members[0] : left
}

const forget = async (groupId: string, name = 'read') => {
  const answer = await ask(OffsetDelete, {
    groupId,
    topics: [{ name, partitions: [{ partitionIndex: 0 }] }],
  })
  return answer.errorCode === 0 ? answer.topics[0]!.partitions[0] : answer
}

const remove = async (groupId: string) =>
  (await ask(DeleteGroups, { groupsNames: [groupId] })).results[0]

const describe = async (groupId: string) =>
  (await ask(DescribeGroups, { groups: [groupId] })).groups[0]

const describeConsumer = async (groupId: string) =>
  (await ask(ConsumerGroupDescribe, { groupIds: [groupId], includeAuthorizedOperations: false }))
    .groups[0]

const noSecurity = 'there is no security yet'
const anyGroupId = 'the empty id names a group for those that need no members, as in Kafka'
const alwaysServed = 'both protocols are always served'

/** Why errors that nearly all APIs share are not reached. */
const ofAnyCoordinator: Reasons = {
  COORDINATOR_LOAD_IN_PROGRESS: 'a request waits until its group is loaded',
  COORDINATOR_NOT_AVAILABLE: 'only where the store fails (runtime test)',
  GROUP_AUTHORIZATION_FAILED: noSecurity,
}
const shared: Reasons = {
  ...ofAnyCoordinator,
  NOT_COORDINATOR: 'one broker looks after every group, but while it stops (groups test)',
}
const sharedWithTopics: Reasons = { ...shared, TOPIC_AUTHORIZATION_FAILED: noSecurity }

type Reasons = Partial<Record<ErrorName, string>>

interface Reached {
  readonly api: Api
  /** Why an error is never answered. */
  readonly never: Reasons
  readonly cases: Partial<Record<ErrorName, () => Errors>>
}

const table: readonly Reached[] = [
  {
    api: FindCoordinator,
    never: {
      COORDINATOR_LOAD_IN_PROGRESS: 'it is known who coordinates before anything is loaded',
      GROUP_AUTHORIZATION_FAILED: noSecurity,
      TRANSACTIONAL_ID_AUTHORIZATION_FAILED: noSecurity,
      TRANSACTION_ABORTABLE: 'nothing of a transaction is looked at',
    },
    cases: {
      COORDINATOR_NOT_AVAILABLE: async () => {
        const asked = { keyType: 2, coordinatorKeys: ['share'] }
        return (await ask(FindCoordinator, asked)).coordinators[0]
      },
      INVALID_REQUEST: async () => {
        const asked = { keyType: 9, coordinatorKeys: ['g'] }
        return (await ask(FindCoordinator, asked)).coordinators[0]
      },
    },
  },
  {
    api: JoinGroup,
    never: shared,
    cases: {
      INVALID_GROUP_ID: () => join(''),
      MEMBER_ID_REQUIRED: () => join(freshId()),
      UNKNOWN_MEMBER_ID: () => join(freshId(), { memberId: 'x' }),
      INVALID_SESSION_TIMEOUT: () => join(freshId(), { sessionTimeoutMs: 1 }),
      INCONSISTENT_GROUP_PROTOCOL: () => join(freshId(), { protocols: [] }),
      FENCED_INSTANCE_ID: async () => {
        const { groupId, memberId } = await fenced()
        return join(groupId, { memberId, groupInstanceId: 'name' })
      },
      GROUP_MAX_SIZE_REACHED: async () => {
        const { groupId, memberId } = await called()
        const third = await box.connect()
        const full = join(groupId, {}, third, 3)
        await join(groupId, { memberId })
        return full.finally(() => third.close())
      },
      REBALANCE_IN_PROGRESS: async () => {
        const { groupId, memberId } = await settled()
        const { memberId: otherId } = await join(groupId)
        const other = await box.connect()
        const parked = join(groupId, { memberId: otherId }, other)
        // The same member again, from elsewhere.
        const again = await box.connect()
        const second = join(groupId, { memberId: otherId }, again)
        const first = await parked
        await join(groupId, { memberId })
        await second
        other.close()
        again.close()
        return first
      },
    },
  },
  {
    api: SyncGroup,
    never: shared,
    cases: {
      INVALID_GROUP_ID: async () => sync(await settled(), { groupId: '' }),
      UNKNOWN_MEMBER_ID: async () => sync(await settled(), { memberId: 'x' }),
      ILLEGAL_GENERATION: async () => sync(await settled(), { generationId: 9 }),
      INCONSISTENT_GROUP_PROTOCOL: async () => sync(await settled(), { protocolName: 'other' }),
      FENCED_INSTANCE_ID: async () => sync(await fenced()),
      REBALANCE_IN_PROGRESS: async () => sync(await called()),
    },
  },
  {
    api: Heartbeat,
    never: shared,
    cases: {
      INVALID_GROUP_ID: async () => beat(await settled(), { groupId: '' }),
      UNKNOWN_MEMBER_ID: async () => beat(await settled(), { memberId: 'x' }),
      ILLEGAL_GENERATION: async () => beat(await settled(), { generationId: 9 }),
      FENCED_INSTANCE_ID: async () => beat(await fenced()),
      REBALANCE_IN_PROGRESS: async () => beat(await called()),
    },
  },
  {
    api: LeaveGroup,
    never: shared,
    cases: {
      INVALID_GROUP_ID: () => leave('', []),
      UNKNOWN_MEMBER_ID: () => leave(freshId(), [{ memberId: 'x' }]),
      FENCED_INSTANCE_ID: async () => {
        const { groupId, memberId } = await fenced()
        return leave(groupId, [{ memberId, groupInstanceId: 'name' }])
      },
    },
  },
  {
    api: OffsetCommit,
    never: {
      ...sharedWithTopics,
      INVALID_GROUP_ID: anyGroupId,
      INVALID_COMMIT_OFFSET_SIZE: 'a commit is rows, and no record that could be too large',
    },
    cases: {
      UNKNOWN_TOPIC_ID: () => commit(freshId(), {}, {}, { topicId: unknownId }),
      UNKNOWN_TOPIC_OR_PARTITION: () => commit(freshId(), {}, { partitionIndex: 9 }),
      OFFSET_METADATA_TOO_LARGE: () => commit(freshId(), {}, { committedMetadata: 'x'.repeat(11) }),
      ILLEGAL_GENERATION: async () => commitOf({ ...(await settled()), generationId: 9 }),
      UNKNOWN_MEMBER_ID: async () => commit((await settled()).groupId),
      FENCED_INSTANCE_ID: async () => commitOf(await fenced()),
      REBALANCE_IN_PROGRESS: async () => {
        const { groupId, memberId } = await settled()
        const { generationId } = await join(groupId, { memberId })
        return commit(groupId, { memberId, generationIdOrMemberEpoch: generationId })
      },
      GROUP_ID_NOT_FOUND: () => commit(freshId(), { memberId: 'x', generationIdOrMemberEpoch: 1 }),
      UNSUPPORTED_VERSION: async () => {
        const { groupId, memberId, memberEpoch } = await consuming()
        const more = { memberId, generationIdOrMemberEpoch: memberEpoch }
        return commit(groupId, more, {}, { name: 'read', topicId: undefined }, 8)
      },
      STALE_MEMBER_EPOCH: async () => {
        const { groupId, memberId } = await consuming()
        return commit(groupId, { memberId, generationIdOrMemberEpoch: 9 })
      },
    },
  },
  {
    api: OffsetFetch,
    never: {
      ...sharedWithTopics,
      GROUP_ID_NOT_FOUND: 'a group that there is not has read nothing, as in Kafka',
      UNKNOWN_TOPIC_OR_PARTITION: 'of what was never committed the offset is -1, as in Kafka',
    },
    cases: {
      ILLEGAL_GENERATION: async () => {
        const { groupId, memberId } = await settled()
        equal((await consume(groupId)).errorCode, 0)
        return fetch(groupId, { memberId, memberEpoch: 99 })
      },
      UNKNOWN_TOPIC_ID: () => fetch(freshId(), {}, { topicId: unknownId }),
      UNKNOWN_MEMBER_ID: async () => {
        const { groupId, memberEpoch } = await consuming()
        return fetch(groupId, { memberId: 'x', memberEpoch })
      },
      STALE_MEMBER_EPOCH: async () => {
        const { groupId, memberId } = await consuming()
        return fetch(groupId, { memberId, memberEpoch: 9 })
      },
      UNSTABLE_OFFSET_COMMIT: async () => {
        const producer = new TransactionalClient(client, freshId(), 2)
        await producer.init()
        const groupId = freshId()
        await producer.pend(groupId, [{ topic, partition: 0, offset: 1 }])
        return fetch(groupId, {}, {}, true)
      },
    },
  },
  {
    api: OffsetDelete,
    never: sharedWithTopics,
    cases: {
      INVALID_GROUP_ID: () => forget(''),
      GROUP_ID_NOT_FOUND: () => forget(freshId()),
      UNKNOWN_TOPIC_OR_PARTITION: async () => {
        const groupId = freshId()
        await commit(groupId)
        return forget(groupId, 'nowhere')
      },
      GROUP_SUBSCRIBED_TO_TOPIC: async () => forget((await settled()).groupId),
      NON_EMPTY_GROUP: async () => {
        const groupId = freshId()
        const { memberId } = await join(groupId, { protocolType: 'connect' })
        await join(groupId, { protocolType: 'connect', memberId })
        return forget(groupId)
      },
    },
  },
  {
    api: DescribeGroups,
    never: { ...shared, INVALID_GROUP_ID: anyGroupId },
    cases: { GROUP_ID_NOT_FOUND: () => describe(freshId()) },
  },
  { api: ListGroups, never: ofAnyCoordinator, cases: {} },
  {
    api: DeleteGroups,
    never: { ...shared, INVALID_GROUP_ID: anyGroupId },
    cases: {
      GROUP_ID_NOT_FOUND: () => remove(freshId()),
      NON_EMPTY_GROUP: async () => remove((await settled()).groupId),
    },
  },
  {
    api: ConsumerGroupHeartbeat,
    never: { ...sharedWithTopics, UNSUPPORTED_VERSION: alwaysServed },
    cases: {
      INVALID_REQUEST: () => consume(''),
      UNKNOWN_MEMBER_ID: async () => {
        const { groupId, memberEpoch } = await consuming()
        return consumeAgain(groupId, { memberId: 'x', memberEpoch })
      },
      FENCED_MEMBER_EPOCH: async () => {
        const { groupId, memberId } = await consuming()
        return consumeAgain(groupId, { memberId, memberEpoch: 9 })
      },
      FENCED_INSTANCE_ID: async () => {
        const { groupId, memberId, memberEpoch } = await consuming('name')
        await consumeAgain(groupId, { memberId, memberEpoch: -2, instanceId: 'name' })
        await consume(groupId, { instanceId: 'name' })
        return consumeAgain(groupId, { memberId, memberEpoch, instanceId: 'name' })
      },
      UNRELEASED_INSTANCE_ID: async () => {
        const { groupId } = await consuming('name')
        return consume(groupId, { instanceId: 'name' })
      },
      UNSUPPORTED_ASSIGNOR: () => consume(freshId(), { serverAssignor: 'none' }),
      INVALID_REGULAR_EXPRESSION: () =>
        consume(freshId(), { subscribedTopicNames: null, subscribedTopicRegex: '(' }),
      GROUP_ID_NOT_FOUND: async () =>
        consumeAgain((await settled()).groupId, { memberId: 'x', memberEpoch: 1 }),
      GROUP_MAX_SIZE_REACHED: async () => {
        const { groupId } = await consuming()
        await consume(groupId)
        return consume(groupId)
      },
    },
  },
  {
    api: ConsumerGroupDescribe,
    never: {
      ...sharedWithTopics,
      INVALID_REQUEST: 'each group that is named answers for itself',
      UNSUPPORTED_VERSION: alwaysServed,
    },
    cases: {
      INVALID_GROUP_ID: () => describeConsumer(''),
      GROUP_ID_NOT_FOUND: () => describeConsumer(freshId()),
    },
  },
]

for (const { api, cases } of table)
  for (const [error, reach] of Object.entries(cases))
    test(`${api.name} answers ${error}`, async () => {
      const answer = await reach()
      equal(errorNameOf(answer!.errorCode), error)
    })

test('each error of each group API is reached, or has a reason why it cannot be', () => {
  const held = table.map(({ api, never, cases }) => [
    api.name,
    [...Object.keys(cases), ...Object.keys(never)].sort(),
  ])
  const known = Object.entries(groupErrors).map(([name, errors]) => [name, errors.toSorted()])
  deepEqual(Object.fromEntries(held), Object.fromEntries(known))
})

test('the reserved topic id names nothing', async () => {
  equal(
    errorNameOf((await commit(freshId(), {}, {}, { topicId: zeroUuid }))!.errorCode),
    'UNKNOWN_TOPIC_ID',
  )
})
