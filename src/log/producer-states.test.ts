import { deepEqual, equal } from 'node:assert/strict'
import { test } from 'node:test'
import { newProducer, ProducerStates } from './producer-states.ts'

const batch = (producerId: number, isTransactional = true) => ({
  count: 1,
  codec: 0,
  maxTimestampMs: 0,
  isTransactional,
  producerId,
  producerEpoch: 0,
  baseSequence: 0,
})

const idsOf = (states: ProducerStates): number[] =>
  [...states.entries].map(({ producerId }) => producerId)

test('a producer with an open transaction is not forgotten, however long it is silent', () => {
  const states = new ProducerStates(10)
  states.add(batch(1), 0, 100)
  states.add(batch(2, false), 1, 100)
  states.expire(1000)
  deepEqual(idsOf(states), [1])
  states.mark({ producerId: 1, epoch: 0 }, 200)
  states.expire(1000)
  deepEqual(idsOf(states), [])
})

test('where there are too many producers one without an open transaction goes', () => {
  const states = new ProducerStates(2)
  states.add(batch(1), 0, 0)
  states.add(batch(2, false), 1, 0)
  states.add(batch(3), 2, 0)
  deepEqual(idsOf(states), [1, 3])
  states.add(batch(4), 3, 0)
  deepEqual(idsOf(states), [1, 3, 4])
})

test('the earliest open transaction is known, in whatever order they are restored', () => {
  const states = new ProducerStates(10)
  for (const [producerId, transactionStart] of [
    [1, 30],
    [2, 10],
    [3, 20],
  ] as const)
    states.restore({ ...newProducer(producerId, 0, 0), transactionStart })
  equal(states.firstOpen, 10)
  const id = { topicId: 'AAAAAAAAAAAAAAAAAAAABA', partition: 0 }
  deepEqual(
    states.openTransactions(id).map(({ firstOffset }) => firstOffset),
    [10, 20, 30],
  )
  states.mark({ producerId: 2, epoch: 0 }, 0)
  equal(states.firstOpen, 20)
})
