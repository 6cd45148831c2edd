import { deepEqual, equal } from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import {
  type CommittedOffset,
  type Committer,
  ConsumerGroups,
  classicDefaults,
  modernGroupDefaults,
  type Time,
  topicsImage,
} from '#coordinators'
import { MetadataStore, SqlGroupStore } from '#metadata'
import { temporaryFolder } from '#testing'
import { type Database, realClock, realDatabases, realRandom } from '#world'

const folder = temporaryFolder()
let database: Database
let metadata: MetadataStore
before(async () => {
  database = await realDatabases().open(join(folder.path, 'metadata.db'))
  metadata = new MetadataStore(database)
  await metadata.start(realRandom, async () => undefined)
})
after(async () => {
  await database.close()
  folder.remove()
})

const minute = 60_000
const retentionMs = 10 * minute
const nobody: Committer = {
  memberId: '',
  instanceId: null,
  generationId: -1,
  transactional: false,
  version: 9,
}

/** Groups on a store of their own time; `pass` lets minutes pass, and looks for old offsets. */
const begin = async (...topics: string[]) => {
  const base = { partitionCount: 3, createdInStart: 1, configs: {} }
  await metadata.createTopics(
    topics.map((name) => ({ id: `#${name}`, name, ...base })),
    0,
  )
  let nowMs = 1_000_000
  const clock = { ...realClock, nowMs: () => nowMs }
  const store = new SqlGroupStore(database, clock)
  await store.start()
  const timers = new Set<{ atMs: number; task: () => void }>()
  const time: Time = {
    nowMs: () => nowMs,
    endOfTurn: realClock.endOfTurn,
    after: (delayMs, task) => {
      const timer = { atMs: nowMs + delayMs, task }
      timers.add(timer)
      return { cancel: () => void timers.delete(timer) }
    },
  }
  const settings = { ...classicDefaults, initialRebalanceDelayMs: 0 }
  const known = topics.map((name) => ({ topicId: `#${name}`, name, partitionCount: 3 }))
  const around = { topics: topicsImage(1, known), settings: modernGroupDefaults }
  const open = () => new ConsumerGroups(store, time, settings, () => around)
  const box = {
    groups: open(),
    store,
    reopen: async () => {
      await box.groups.close()
      box.groups = open()
      await box.groups.start()
    },
    pass: async (minutes: number) => {
      nowMs += minutes * minute
      await box.groups.expire(retentionMs, nowMs, (name) => `#${name}`)
    },
    runTimers: () => {
      for (const timer of [...timers].filter(({ atMs }) => atMs <= nowMs)) {
        timers.delete(timer)
        timer.task()
      }
    },
    offset: (topic: string, partition: number, more = {}): CommittedOffset => ({
      topicId: `#${topic}`,
      partition,
      offset: 1,
      leaderEpoch: -1,
      metadata: '',
      committedAtMs: nowMs,
      expiresAtMs: null,
      ...more,
    }),
    left: async (groupId: string) =>
      (await box.groups.offsets(groupId, null)).map(
        ({ topicId, partition }) => `${topicId.slice(1)}-${partition}`,
      ),
    exists: async (groupId: string) =>
      (await box.groups.list()).some((group) => group.groupId === groupId),
  }
  return box
}

/** What a consumer embeds in its JoinGroup, with one topic. */
const subscription = (topic: string): Uint8Array =>
  Buffer.concat([
    Buffer.from([0, 0, 0, 0, 0, 1, 0, topic.length]),
    Buffer.from(topic),
    Buffer.from([0xff, 0xff, 0xff, 0xff]),
  ])

/** A member that joins and syncs; resolves to how it may commit. */
const enter = async (
  { groups, runTimers }: Awaited<ReturnType<typeof begin>>,
  groupId: string,
  topic: string,
  protocolType = 'consumer',
): Promise<Committer> => {
  const joining = groups.join(groupId, {
    memberId: '',
    instanceId: null,
    clientId: 'c',
    clientHost: '/',
    newMemberId: `member-${groupId}`,
    sessionTimeoutMs: 1_800_000,
    rebalanceTimeoutMs: 60_000,
    protocolType,
    protocols: [{ name: 'range', metadata: subscription(topic) }],
    requiresKnownMemberId: false,
    canSkipAssignment: false,
  })
  await groups.list()
  runTimers()
  const joined = await joining
  if (joined.kind === 'refused') throw new Error(joined.error)
  const { memberId, generationId } = joined
  const member = { memberId, generationId, instanceId: null }
  await groups.sync(groupId, {
    ...member,
    protocolType: null,
    protocolName: null,
    assignments: [{ memberId, assignment: Buffer.from('all') }],
  })
  return { ...member, transactional: false, version: 9 }
}

test('an offset without a group is forgotten by the age of its commit, and then the group', async () => {
  const box = await begin('alone')
  await box.groups.commit('reader', nobody, [box.offset('alone', 0)])
  await box.pass(6)
  await box.groups.commit('reader', nobody, [box.offset('alone', 1)])
  await box.pass(3)
  deepEqual(await box.left('reader'), ['alone-0', 'alone-1'])
  await box.pass(1)
  deepEqual(await box.left('reader'), ['alone-1'])
  await box.pass(5)
  deepEqual(await box.left('reader'), ['alone-1'])
  equal(await box.exists('reader'), true)
  await box.pass(1)
  deepEqual(await box.left('reader'), [])
  equal(await box.exists('reader'), false)
})

test('offsets of a group stay until it has had no members for long enough', async () => {
  const box = await begin('shared')
  const member = await enter(box, 'workers', 'shared')
  await box.groups.commit('workers', member, [box.offset('shared', 0)])
  await box.pass(60)
  deepEqual(await box.left('workers'), ['shared-0'])
  await box.groups.leave('workers', [{ memberId: member.memberId, instanceId: null }])
  await box.pass(9)
  await box.reopen()
  deepEqual(await box.left('workers'), ['shared-0'])
  await box.pass(1)
  deepEqual(await box.left('workers'), [])
  equal(await box.exists('workers'), false)
})

test('a group that has members forgets the topics that they no longer read', async () => {
  const box = await begin('kept', 'dropped')
  const member = await enter(box, 'changed', 'kept')
  const both = [box.offset('kept', 0), box.offset('dropped', 0)]
  await box.groups.commit('changed', member, both)
  await box.pass(10)
  deepEqual(await box.left('changed'), ['kept-0'])
  await box.pass(100)
  deepEqual(await box.left('changed'), ['kept-0'])
})

test('a group of another protocol type forgets nothing while it has members', async () => {
  const box = await begin('work')
  const member = await enter(box, 'connect', 'none', 'connect')
  await box.groups.commit('connect', member, [box.offset('work', 0)])
  await box.pass(100)
  deepEqual(await box.left('connect'), ['work-0'])
})

test('what the client of a commit said goes before all rules', async () => {
  const box = await begin('said')
  const inMinutes = (minutes: number) => ({ expiresAtMs: 1_000_000 + minutes * minute })
  await box.groups.commit('sayer', nobody, [
    box.offset('said', 0, inMinutes(2)),
    box.offset('said', 1, inMinutes(30)),
  ])
  await box.pass(1)
  deepEqual(await box.left('sayer'), ['said-0', 'said-1'])
  await box.pass(1)
  deepEqual(await box.left('sayer'), ['said-1'])
  await box.pass(27)
  deepEqual(await box.left('sayer'), ['said-1'])
  await box.pass(1)
  deepEqual(await box.left('sayer'), [])
})

test('a look for old offsets passes by the groups that cannot have any', async () => {
  const box = await begin('many')
  for (let index = 0; index < 100; index += 1)
    await box.groups.commit(`passed-${index}`, nobody, [box.offset('many', 0)])
  await box.pass(9)
  deepEqual(await box.store.withOldOffsets(1_000_000 - minute), [])
  await box.groups.commit('passed-0', nobody, [box.offset('many', 0)])
  await box.pass(1)
  equal((await box.store.list()).filter(({ groupId }) => groupId.startsWith('passed')).length, 1)
})

test('a topic takes its offsets with it, and one of its name begins anew', async () => {
  const box = await begin('going', 'staying')
  const both = [box.offset('going', 0), box.offset('staying', 0)]
  await box.groups.commit('left-behind', nobody, both)
  await metadata.deleteTopics(['#going'])
  deepEqual(await box.left('left-behind'), ['staying-0'])
  await box.groups.commit('left-behind', nobody, [box.offset('going', 1), box.offset('staying', 1)])
  deepEqual(await box.left('left-behind'), ['staying-0', 'staying-1'])
})

test('offsets are deleted where no member reads them (KIP-496)', async () => {
  const box = await begin('read', 'unread')
  const member = await enter(box, 'some', 'read')
  const both = [box.offset('read', 0), box.offset('unread', 0)]
  await box.groups.commit('some', member, both)
  const asked = ['read', 'unread'].map((topic) => ({ topic, topicId: `#${topic}`, partition: 0 }))
  const kept = await box.groups.deleteOffsets('some', asked)
  deepEqual([...kept], [asked[0]])
  deepEqual(await box.left('some'), ['read-0'])
  await box.groups.leave('some', [{ memberId: member.memberId, instanceId: null }])
  deepEqual([...(await box.groups.deleteOffsets('some', asked))], [])
  deepEqual(await box.left('some'), [])
})
