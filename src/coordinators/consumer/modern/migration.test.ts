// A group whose members pass from the classic protocol to the newer one and back (KIP-848, "Migration").
import { deepEqual, equal } from 'node:assert/strict'
import { test } from 'node:test'
import { GroupTable } from '#testing'
import type { ClassicGroup, ClassicGroupMember } from './classic-group.ts'
import type { ClassicJoinCommand, ModernCommand, ModernReply } from './commands.ts'
import { decodeAssignment, decodeSubscription, encodeAssignment } from './consumer-protocol.ts'

const int16 = (value: number): Buffer => Buffer.from([value >> 8, value & 255])
const int32 = (value: number): Buffer => Buffer.from([0, 0, value >> 8, value & 255])
const text = (value: string): Buffer => Buffer.concat([int16(value.length), Buffer.from(value)])

/** An embedded subscription of version 1, as a cooperative consumer writes it. */
const subscription = (topics: string[], owned: number[] = []): string =>
  Buffer.concat([
    int16(1),
    int32(topics.length),
    ...topics.map(text),
    Buffer.from([255, 255, 255, 255]),
    ...(owned.length === 0
      ? [int32(0)]
      : [int32(1), text('t'), int32(owned.length), ...owned.map(int32)]),
  ]).toString('base64')

const protocols = (owned: number[] = []) => [
  { name: 'range', metadata: subscription(['t'], owned) },
]

const classicMember = (memberId: string, partitions: number[]): ClassicGroupMember => ({
  memberId,
  instanceId: null,
  clientId: 'old',
  clientHost: '/127.0.0.1',
  sessionTimeoutMs: 10_000,
  rebalanceTimeoutMs: 20_000,
  protocols: protocols(),
  assignment: encodeAssignment(1, [{ topic: 't', partitions }]),
})

const classicGroup = (members: ClassicGroupMember[], protocolType = 'consumer'): ClassicGroup => ({
  groupId: 'g',
  generationId: 7,
  protocolType,
  protocolName: 'range',
  members,
})

/** A group of classic members a and b, of generation 7, that the newer machine has taken over. */
const upgraded = (): GroupTable => {
  const table = new GroupTable()
  table.setTopics({ t: 4 })
  const classic = classicGroup([classicMember('a', [0, 1]), classicMember('b', [2, 3])])
  deepEqual(table.decide({ kind: 'upgrade', classic, ...table.around }), { kind: 'done' })
  return table
}

const join = (
  table: GroupTable,
  memberId: string,
  owned: number[],
  changes: Partial<ClassicJoinCommand> = {},
): ModernReply =>
  table.decide({
    kind: 'classicJoin',
    memberId,
    instanceId: null,
    protocolType: 'consumer',
    protocols: protocols(owned),
    sessionTimeoutMs: 10_000,
    rebalanceTimeoutMs: 20_000,
    requiresKnownMemberId: true,
    clientId: 'old',
    clientHost: '/127.0.0.1',
    newMemberId: 'made',
    ...table.around,
    ...changes,
  })

const beat = (table: GroupTable, memberId: string, generationId: number): string =>
  word(
    table.decide({
      kind: 'classicHeartbeat',
      memberId,
      instanceId: null,
      generationId,
      ...table.around,
    }),
  )

const sync = (
  table: GroupTable,
  memberId: string,
  generationId: number,
  changes: Partial<ModernCommand> = {},
): string =>
  word(
    table.decide({
      kind: 'classicSync',
      memberId,
      instanceId: null,
      generationId,
      protocolType: 'consumer',
      protocolName: 'range',
      ...table.around,
      ...changes,
    } as ModernCommand),
  )

const word = (reply: ModernReply): string => {
  if (reply.kind === 'refused') return reply.error
  if (reply.kind === 'classicJoined') return `joined ${reply.generationId}`
  if (reply.kind !== 'classicSynced') return reply.kind
  return decodeAssignment(reply.assignment)
    .map(({ topic, partitions }) => `${topic} ${partitions.join(' ')}`)
    .join('; ')
}

test('the embedded protocol is read as written, whatever its version, and damage is refused', () => {
  const read = decodeSubscription(subscription(['t', 'u'], [1, 2]))
  deepEqual(read, {
    version: 1,
    topics: ['t', 'u'],
    ownedPartitions: [{ topic: 't', partitions: [1, 2] }],
    rackId: null,
  })
  const whole = Buffer.from(subscription(['t', 'u'], [1, 2]), 'base64')
  for (let size = 0; size < whole.length; size += 1)
    try {
      decodeSubscription(whole.subarray(0, size).toString('base64'))
      throw new Error(`${size} bytes were read`)
    } catch (error) {
      equal((error as { errorName?: string }).errorName, 'INCONSISTENT_GROUP_PROTOCOL')
    }
  deepEqual(decodeAssignment(''), [])
})

test('a member of the newer protocol joins classic ones, and takes over step by step', () => {
  const table = upgraded()
  equal(table.play('n join t'), 'n join t → 8 -')
  equal(beat(table, 'a', 7), 'REBALANCE_IN_PROGRESS')
  equal(sync(table, 'a', 7), 'REBALANCE_IN_PROGRESS')
  equal(word(join(table, 'a', [0, 1])), 'joined 8')
  equal(sync(table, 'a', 8), 't 0 1')
  equal(word(join(table, 'b', [2, 3])), 'joined 7')
  equal(sync(table, 'b', 7), 't 2')
  equal(beat(table, 'b', 7), 'REBALANCE_IN_PROGRESS')
  equal(word(join(table, 'b', [2])), 'joined 8')
  equal(sync(table, 'b', 8), 't 2')
  equal(beat(table, 'b', 8), 'done')
  equal(table.play('n beat'), 'n beat → 8 t3')
  equal(
    table.play('describe'),
    'describe → Stable 8/8 uniform; a (classic) 8 [t0 t1] of [t0 t1]; b (classic) 8 [t2] of [t2]; n 8 [t3] of [t3]',
  )
})

test('a classic member that waits for a partition is called when it is free', () => {
  const table = upgraded()
  table.play('n join t')
  join(table, 'a', [0, 1])
  sync(table, 'a', 8)
  join(table, 'b', [2])
  sync(table, 'b', 8)
  table.play('n beat')
  table.play('n leave id=n')
  // Only classic members remain, so that the group is theirs again; see below.
  equal(table.downgraded?.members.length, 2)
})

test('classic members of the group are refused for what Kafka refuses them', () => {
  const table = upgraded()
  equal(beat(table, 'x', 7), 'UNKNOWN_MEMBER_ID')
  equal(beat(table, 'a', 6), 'ILLEGAL_GENERATION')
  equal(sync(table, 'a', 6), 'ILLEGAL_GENERATION')
  equal(sync(table, 'a', 7, { protocolName: 'roundrobin' }), 'INCONSISTENT_GROUP_PROTOCOL')
  equal(word(join(table, 'a', [], { protocolType: 'connect' })), 'INCONSISTENT_GROUP_PROTOCOL')
  const other = [{ name: 'sticky', metadata: subscription(['t']) }]
  equal(word(join(table, '', [], { protocols: other })), 'INCONSISTENT_GROUP_PROTOCOL')
  const damaged = [{ name: 'range', metadata: 'AAE=' }]
  equal(word(join(table, 'a', [], { protocols: damaged })), 'INCONSISTENT_GROUP_PROTOCOL')
  equal(word(join(table, '', [])), 'MEMBER_ID_REQUIRED')
  equal(word(join(table, '', [], { requiresKnownMemberId: false })), 'joined 8')
  equal(table.play('a commits epoch=6'), 'a commits epoch=6 → ILLEGAL_GENERATION')
  equal(table.play('a fetches epoch=6'), 'a fetches epoch=6 → ILLEGAL_GENERATION')
  equal(table.play('a commits epoch=7 version=5'), 'a commits epoch=7 version=5 → ok')
  equal(word(join(table, 'late', [1])), 'UNKNOWN_MEMBER_ID')
  table.settings = { ...table.settings, sizeMax: 3 }
  equal(word(join(table, 'd', [])), 'GROUP_MAX_SIZE_REACHED')
})

test('a classic member that does not join or sync in its time is put out', () => {
  const table = upgraded()
  table.play('n join t')
  equal(beat(table, 'a', 7), 'REBALANCE_IN_PROGRESS')
  equal(word(join(table, 'b', [2, 3])), 'joined 7')
  for (let step = 0; step < 3; step += 1) {
    table.play('+7000')
    beat(table, 'a', 7)
    beat(table, 'b', 7)
  }
  equal(beat(table, 'a', 7), 'UNKNOWN_MEMBER_ID')
  equal(beat(table, 'b', 7), 'UNKNOWN_MEMBER_ID')
})

test('the last member of the newer protocol leaves the group to the classic ones', () => {
  const table = upgraded()
  table.play('n join t')
  table.play('n leave')
  equal(table.group.members.size, 0)
  equal(table.group.downgraded, true)
  const { members, ...group } = table.downgraded!
  deepEqual(group, {
    groupId: 'g',
    generationId: 8,
    protocolType: 'consumer',
    protocolName: 'range',
  })
  deepEqual(
    members.map(({ memberId, assignment }) => [memberId, decodeAssignment(assignment)]),
    [
      ['a', [{ topic: 't', partitions: [0, 1] }]],
      ['b', [{ topic: 't', partitions: [2, 3] }]],
    ],
  )
})

test('a session that ends hands the group back as well', () => {
  const table = upgraded()
  table.play('n join t')
  for (let step = 0; step < 5; step += 1) {
    table.play('+9000')
    join(table, 'a', [0, 1])
    join(table, 'b', [2])
  }
  equal(table.downgraded?.members.length, 2)
})

test('the policy says which way a group may pass', () => {
  for (const [policy, up, down] of [
    ['disabled', false, false],
    ['upgrade', true, false],
    ['downgrade', false, true],
    ['bidirectional', true, true],
  ] as const) {
    const fresh = new GroupTable()
    fresh.settings = { ...fresh.settings, migrationPolicy: policy }
    const classic = classicGroup([classicMember('a', [])])
    const reply = fresh.decide({ kind: 'upgrade', classic, ...fresh.around })
    equal(word(reply), up ? 'done' : 'GROUP_ID_NOT_FOUND')

    const table = upgraded()
    table.settings = { ...table.settings, migrationPolicy: policy }
    table.play('n join t')
    table.play('n leave')
    equal(table.downgraded !== null, down)
  }
})

test('groups that are no consumers, or cannot be read, stay classic', () => {
  const table = new GroupTable()
  const unreadable = { ...classicMember('a', []), protocols: [{ name: 'x', metadata: 'AAAA' }] }
  for (const classic of [
    classicGroup([classicMember('a', [])], 'connect'),
    classicGroup([unreadable]),
  ])
    equal(word(table.decide({ kind: 'upgrade', classic, ...table.around })), 'GROUP_ID_NOT_FOUND')
  table.settings = { ...table.settings, sizeMax: 1 }
  const large = classicGroup([classicMember('a', []), classicMember('b', [])])
  equal(
    word(table.decide({ kind: 'upgrade', classic: large, ...table.around })),
    'GROUP_ID_NOT_FOUND',
  )
})

test('what a classic leader gave to two members, the first keeps', () => {
  const table = new GroupTable()
  table.setTopics({ t: 2 })
  const classic = classicGroup([classicMember('a', [0, 1]), classicMember('b', [1, 5])])
  table.decide({ kind: 'upgrade', classic, ...table.around })
  equal(
    table.play('describe'),
    'describe → Stable 7/7 uniform; a (classic) 7 [t0 t1] of [t0 t1]; b (classic) 7 [] of []',
  )
})

test('a static member changes its protocol in place', () => {
  const table = upgraded()
  const instance = { instanceId: 'i', requiresKnownMemberId: false }
  equal(word(join(table, '', [], { ...instance, newMemberId: 's1' })), 'joined 8')
  equal(table.play('s2 join t instance=i'), 's2 join t instance=i → 8 -')
  equal(word(join(table, 's1', [], instance)), 'FENCED_INSTANCE_ID')
  equal(word(join(table, '', [], { ...instance, newMemberId: 's3' })), 'joined 8')
  equal(table.downgraded?.members.length, 3)
})

test('who takes the place of a static classic member that had nothing yet is given all the same', () => {
  const table = new GroupTable()
  table.setTopics({ t: 2 })
  const waiting = { ...classicMember('a', []), instanceId: 'i' }
  table.decide({ kind: 'upgrade', classic: classicGroup([waiting]), ...table.around })
  equal(table.play('n join t instance=i'), 'n join t instance=i → 8 t0 t1')
})

test('classic members leave one by one, each with an answer of its own', () => {
  const table = upgraded()
  table.play('n join t')
  const reply = table.decide({
    kind: 'classicLeave',
    members: [
      { memberId: 'a', instanceId: null },
      { memberId: 'a', instanceId: null },
      { memberId: 'n', instanceId: null },
      { memberId: '', instanceId: 'i' },
    ],
    ...table.around,
  })
  deepEqual(reply.kind === 'classicLeft' && reply.members.map(({ error }) => error), [
    'NONE',
    'UNKNOWN_MEMBER_ID',
    'UNKNOWN_MEMBER_ID',
    'UNKNOWN_MEMBER_ID',
  ])
  equal(table.group.members.has('a'), false)
  equal(table.group.epoch, 9)
})
