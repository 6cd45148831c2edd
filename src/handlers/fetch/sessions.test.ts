import { deepEqual, equal, notEqual, throws } from 'node:assert/strict'
import { test } from 'node:test'
import type { Clock, Random } from '#world'
import { sessionIdleMsMin } from './limits.ts'
import { FetchSessions, type WantedPartition } from './sessions.ts'

const topicId = 'AAAAAAAAAAAAAAAAAAAABA'
const wanted = (partition: number): WantedPartition => ({
  topicId,
  topic: '',
  partition,
  fetchOffset: 0,
  bytesMax: 1000,
  currentLeaderEpoch: -1,
  lastFetchedEpoch: -1,
})
const told = { recordsSize: 0, failed: false, highWatermark: 5, logStart: 0 }

const sessionsWith = (slots: number) => {
  let nowMs = 0
  let drawn = 0
  const clock: Clock = {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    after: () => ({ cancel: () => undefined }),
    endOfTurn: () => undefined,
  }
  const random: Random = {
    bytes: (size) => Buffer.alloc(size),
    below: () => {
      drawn += 1
      return drawn
    },
  }
  return {
    sessions: new FetchSessions(clock, random, slots),
    pass: (ms: number) => {
      nowMs += ms
    },
  }
}
const error = (name: string) => (thrown: unknown) =>
  (thrown as { errorName: string }).errorName === name

test('an incremental fetch continues with epochs 1, 2, 3 and no other', () => {
  const { sessions } = sessionsWith(10)
  const session = sessions.create([wanted(0)], true)!
  notEqual(session.id, 0)
  equal(sessions.continue(session.id, 1, true), session)
  equal(sessions.continue(session.id, 2, true), session)
  throws(() => sessions.continue(session.id, 2, true), error('INVALID_FETCH_SESSION_EPOCH'))
  throws(() => sessions.continue(999, 1, true), error('FETCH_SESSION_ID_NOT_FOUND'))
  throws(() => sessions.continue(session.id, 3, false), error('FETCH_SESSION_TOPIC_ID_ERROR'))
})

test('the epoch after the largest is 1', () => {
  const { sessions } = sessionsWith(10)
  const session = sessions.create([wanted(0)], true)!
  session.nextEpoch = 0x7fffffff
  sessions.continue(session.id, 0x7fffffff, true)
  equal(session.nextEpoch, 1)
})

test('a partition is told of again when its watermark or start moved, or it failed', () => {
  const { sessions } = sessionsWith(10)
  const session = sessions.create([wanted(0)], true)!
  equal(session.tell(wanted(0), told), true)
  equal(session.tell(wanted(0), told), false)
  equal(session.tell(wanted(0), { ...told, highWatermark: 6 }), true)
  equal(session.tell(wanted(0), { ...told, highWatermark: 6, logStart: 1 }), true)
  equal(session.tell(wanted(0), { ...told, highWatermark: 6, logStart: 1 }), false)
  equal(session.tell(wanted(0), { ...told, failed: true }), true)
  equal(session.tell(wanted(0), { ...told, failed: true }), true, 'as long as it fails')
  equal(session.tell(wanted(0), told), true, 'and once more when it no longer does')
})

test('a partition that gave records goes to the end of the order', () => {
  const { sessions } = sessionsWith(10)
  const session = sessions.create([wanted(0), wanted(1), wanted(2)], true)!
  session.tell(wanted(0), { ...told, recordsSize: 10 })
  deepEqual(
    session.partitions.map(({ partition }) => partition),
    [1, 2, 0],
  )
})

test('a session is evicted when idle for two minutes, the longest idle first', () => {
  const { sessions, pass } = sessionsWith(2)
  const first = sessions.create([wanted(0)], true)!
  const second = sessions.create([wanted(0)], true)!
  equal(sessions.create([wanted(0)], true), undefined, 'nobody is idle yet')
  pass(sessionIdleMsMin - 1)
  sessions.continue(first.id, 1, true)
  pass(1)
  notEqual(sessions.create([wanted(0)], true), undefined)
  equal(sessions.continue(first.id, 2, true), first)
  throws(() => sessions.continue(second.id, 1, true), error('FETCH_SESSION_ID_NOT_FOUND'))
})

test('an old session gives way to a larger newcomer and not to one of its size', () => {
  const { sessions, pass } = sessionsWith(1)
  const old = sessions.create([wanted(0)], true)!
  pass(sessionIdleMsMin)
  sessions.continue(old.id, 1, true)
  equal(sessions.create([wanted(0)], true), undefined)
  notEqual(sessions.create([wanted(0), wanted(1)], true), undefined)
})

test('with no slots there are no sessions', () => {
  equal(sessionsWith(0).sessions.create([wanted(0)], true), undefined)
})
