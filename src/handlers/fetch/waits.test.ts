import { equal } from 'node:assert/strict'
import { test } from 'node:test'
import type { Clock } from '#world'
import { FetchWaits, type Wait } from './waits.ts'

const id = { topicId: 'AAAAAAAAAAAAAAAAAAAABA', partition: 0 }
const moved = (readableBytes: number, disturbed = false) => [{ ...id, readableBytes, disturbed }]

const parkOne = (wait: Partial<Wait> = {}) => {
  const timers: (() => void)[] = []
  let cancelled = 0
  const clock: Clock = {
    nowMs: () => 0,
    monotonicMs: () => 0,
    after: (_delayMs, task) => {
      timers.push(task)
      return {
        cancel: () => {
          cancelled += 1
        },
      }
    },
    endOfTurn: () => undefined,
  }
  const waits = new FetchWaits(clock)
  const parked = waits.park({
    partitions: [id],
    missingBytes: 100,
    maxWaitMs: 500,
    recount: () => 0,
    ...wait,
  })
  return { waits, parked, timers, cancelled: () => cancelled }
}

test('a fetch is woken once enough bytes became readable', async () => {
  const { waits, parked, cancelled } = parkOne()
  waits.moved(moved(60))
  equal(waits.count, 1)
  waits.moved(moved(40))
  await parked.woken
  equal(waits.count, 0)
  equal(cancelled(), 1, 'its timer is gone')
})

test('bytes that do not stand a recount are waited for further', () => {
  let left = 30
  const { waits } = parkOne({ recount: () => left })
  waits.moved(moved(100))
  equal(waits.count, 1)
  left = 0
  waits.moved(moved(30))
  equal(waits.count, 0)
})

test('a disturbance wakes at once, and so does its time', async () => {
  const disturbed = parkOne()
  disturbed.waits.moved(moved(0, true))
  await disturbed.parked.woken
  const late = parkOne()
  late.timers[0]!()
  await late.parked.woken
  equal(late.waits.count, 0)
})

test('movements of other partitions wake nobody', () => {
  const { waits } = parkOne()
  waits.moved([{ ...id, partition: 1, readableBytes: 1000, disturbed: true }])
  equal(waits.count, 1)
})

test('closing wakes everyone, and nobody is parked from then on', async () => {
  const { waits, parked } = parkOne()
  waits.close()
  await parked.woken
  await waits.park({ partitions: [id], missingBytes: 1, maxWaitMs: 500, recount: () => 1 }).woken
  equal(waits.count, 0)
})
