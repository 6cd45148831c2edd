import { deepEqual, equal } from 'node:assert/strict'
import { test } from 'node:test'
import { assignmentFaults, SeededRandom } from '#testing'
import { type AssignorMember, assignorNamed, type Partitions } from './assignors.ts'

/** Runs an assignor over lines such as `a: t u | t0 t1`: who, subscribed to what, with what before. */
const assign = (name: string, counts: Record<string, number>, text: string): string => {
  const members = text.trim().split('\n').map(memberOf)
  const assignment = assignorNamed(name)!(members, (topicId) => counts[topicId] ?? 0)
  deepEqual(assignmentFaults(members, counts, assignment), [])
  return [...assignment]
    .map(([memberId, topics]) => `${memberId}: ${partitionsText(topics)}`.trim())
    .sort()
    .join('\n')
}

const memberOf = (line: string): AssignorMember => {
  const [memberId, rest] = line.trim().split(':') as [string, string]
  const [topics, owned = ''] = rest.split('|') as [string, string?]
  const previous: Record<string, number[]> = {}
  for (const word of owned.trim().split(/\s+/).filter(Boolean))
    previous[word[0]!] = [...(previous[word[0]!] ?? []), Number(word.slice(1))]
  return { memberId, instanceId: null, topicIds: topics.trim().split(/\s+/), previous }
}

const partitionsText = (topics: Partitions): string =>
  Object.entries(topics)
    .flatMap(([topicId, partitions]) => partitions.map((partition) => `${topicId}${partition}`))
    .join(' ')

const lines = (text: string): string => text.trim().replace(/\n\s+/g, '\n')

test('range gives co-partitioned topics to the same members', () => {
  equal(
    assign('range', { t: 3, u: 3 }, 'a: t u\nb: t u'),
    lines(`a: t0 t1 u0 u1
           b: t2 u2`),
  )
})

test('range keeps the lowest partitions of a member up to its share', () => {
  equal(
    assign('range', { t: 6 }, 'a: t | t0 t1 t2\nb: t | t3 t4 t5\nc: t'),
    lines(`a: t0 t1
           b: t3 t4
           c: t2 t5`),
  )
})

test('range lets a member keep its extra partition', () => {
  equal(
    assign('range', { t: 4 }, 'a: t | t0\nb: t | t1 t2\nc: t | t3'),
    lines(`a: t0
           b: t1 t2
           c: t3`),
  )
})

test('range gives members beyond the partition count nothing', () => {
  equal(assign('range', { t: 1 }, 'a: t\nb: t | t0'), 'a:\nb: t0')
})

test('range deals each topic to its own subscribers', () => {
  equal(
    assign('range', { t: 2, u: 3 }, 'a: t u\nb: t\nc: u'),
    lines(`a: t0 u0 u1
           b: t1
           c: u2`),
  )
})

test('uniform spreads topics over members of one subscription', () => {
  equal(
    assign('uniform', { t: 3, u: 3 }, 'a: t u\nb: t u'),
    lines(`a: t0 t2 u1
           b: t1 u0 u2`),
  )
})

test('uniform moves only what the new member needs', () => {
  equal(
    assign('uniform', { t: 6 }, 'a: t | t0 t2 t4\nb: t | t1 t3 t5\nc: t'),
    lines(`a: t0 t2
           b: t1 t3
           c: t4 t5`),
  )
})

test('uniform moves nothing that is even already', () => {
  equal(
    assign('uniform', { t: 5 }, 'a: t | t4\nb: t | t0 t1\nc: t | t2 t3'),
    lines(`a: t4
           b: t0 t1
           c: t2 t3`),
  )
})

test('uniform gives what a member leaves to the others', () => {
  equal(
    assign('uniform', { t: 6 }, 'a: t | t0 t2\nb: t | t1 t3'),
    lines(`a: t0 t2 t4
           b: t1 t3 t5`),
  )
})

test('uniform evens out different subscriptions as far as they allow', () => {
  equal(
    assign('uniform', { t: 2, u: 4 }, 'a: t u\nb: u | u0 u1 u2 u3\nc: u'),
    lines(`a: t0 t1
           b: u0 u1
           c: u2 u3`),
  )
})

test('partitions of topics that are gone are forgotten', () => {
  for (const name of ['uniform', 'range'])
    equal(assign(name, { t: 1 }, 'a: t gone | t0 t7 gone0'), 'a: t0')
})

test('static members are ordered by their instance, so a new member id changes nothing', () => {
  const members = (ids: readonly string[]): AssignorMember[] =>
    ids.map((memberId, index) => ({
      memberId,
      instanceId: `instance-${index}`,
      topicIds: ['t'],
      previous: {},
    }))
  for (const name of ['uniform', 'range']) {
    const before = assignorNamed(name)!(members(['x', 'y', 'z']), () => 5)
    const after = assignorNamed(name)!(members(['x', 'a', 'z']), () => 5)
    deepEqual(after.get('a'), before.get('y'))
  }
})

test('a name that every object inherits is no assignor', () => {
  for (const name of ['constructor', '__proto__', 'toString', ''])
    equal(assignorNamed(name), undefined)
})

test('random groups are dealt completely, evenly, and settle at once', () => {
  const random = new SeededRandom('assignors')
  for (let round = 0; round < 300; round += 1) {
    const counts = Object.fromEntries(
      [...'tuvw'].map((topicId) => [topicId, random.between(0, 9)] as const),
    )
    const oneSubscription = random.chance(0.5)
    let members: AssignorMember[] = Array.from({ length: random.between(1, 7) }, (_, index) => ({
      memberId: `m${index}`,
      instanceId: null,
      topicIds: oneSubscription ? ['t', 'u'] : [...'tuvw'].filter(() => random.chance(0.6)),
      previous: {},
    }))
    for (const name of ['uniform', 'range']) {
      let assignment = assignorNamed(name)!(members, (topicId) => counts[topicId]!)
      deepEqual(assignmentFaults(members, counts, assignment), [])
      members = members.map((member) => ({
        ...member,
        previous: assignment.get(member.memberId)!,
      }))
      const again = assignorNamed(name)!(members, (topicId) => counts[topicId]!)
      deepEqual(again, assignment)
      if (members.length > 1) members = members.slice(1)
      assignment = assignorNamed(name)!(members, (topicId) => counts[topicId]!)
      deepEqual(assignmentFaults(members, counts, assignment), [])
      if (name !== 'uniform' || !oneSubscription) continue
      const sizes = [...assignment.values()].map((each) => Object.values(each).flat().length)
      equal(Math.max(...sizes) - Math.min(...sizes) <= 1, true)
    }
  }
})
