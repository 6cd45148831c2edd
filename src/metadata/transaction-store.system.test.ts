import { deepEqual, equal, rejects } from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import {
  type Asking,
  type CommittedOffset,
  ConsumerGroups,
  classicDefaults,
  modernGroupDefaults,
  type Time,
  Transactions,
  topicsImage,
} from '#coordinators'
import { MetadataStore, SqlGroupStore, SqlTransactionStore } from '#metadata'
import { HeldTransactionLog, temporaryFolder, until } from '#testing'
import { type Database, DatabaseError, realClock, realDatabases, realRandom } from '#world'

const folder = temporaryFolder()
let database: Database
before(async () => {
  database = await realDatabases().open(join(folder.path, 'metadata.db'))
  const metadata = new MetadataStore(database)
  await metadata.start(realRandom, async () => undefined)
  const base = { partitionCount: 9, createdInStart: 1, configs: {} }
  await metadata.createTopics([{ id: '#t', name: 't', ...base }], 0)
})
after(async () => {
  await database.close()
  folder.remove()
})

const settings = { timeoutMaxMs: 900_000, retryBackoffMs: 1, retryMaxMs: 10_000 }
const t0 = { topicId: '#t', partition: 0 }
const t1 = { topicId: '#t', partition: 1 }
let producerIds = 0

/** Transactions of one id of its own, on a store of their own time. */
const begin = async (transactionalId: string) => {
  let nowMs = 1_000_000
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
  let isBroken = false
  const breaking: Database = {
    write: (statements) =>
      isBroken
        ? Promise.reject(new DatabaseError('DATABASE_FULL', 'no room'))
        : database.write(statements),
    close: async () => undefined,
  }
  const log = new HeldTransactionLog()
  const ids = { take: async () => (producerIds += 1) }
  await new SqlGroupStore(database, realClock).start()
  const open = () => new Transactions(new SqlTransactionStore(breaking), log, ids, time, settings)
  const box = {
    log,
    transactions: open(),
    /** What a crash and a start make of it. */
    reopen: async () => {
      timers.clear()
      box.transactions = open()
      await box.transactions.start()
    },
    pass: (ms: number) => {
      nowMs += ms
      for (const timer of [...timers].filter(({ atMs }) => atMs <= nowMs)) {
        timers.delete(timer)
        timer.task()
      }
    },
    breakStore: (isNow: boolean) => {
      isBroken = isNow
    },
    init: async (): Promise<Asking> => ({
      transactionalId,
      ...(await box.transactions.init(transactionalId, { timeoutMs: 60_000, expected: null })),
    }),
    /** The state in the store. */
    stored: async () => {
      const [rows] = await database.write([
        {
          sql: 'SELECT state FROM transactions WHERE transactional_id = ?',
          values: [transactionalId],
        },
      ])
      return rows![0]?.state
    },
    becomes: (state: string) =>
      until(`the store says ${state}`, async () => (await box.stored()) === state),
    offset: (partition: number, offset: number): CommittedOffset => ({
      ...{ topicId: '#t', partition, offset, leaderEpoch: 3, metadata: 'm' },
      ...{ committedAtMs: nowMs, expiresAtMs: null },
    }),
  }
  return box
}

const committed = async (groupId: string) => {
  const offsets = await new SqlGroupStore(database, realClock).offsets(groupId, null)
  return offsets.map(({ partition, offset }) => [partition, offset])
}

test('a commit is decided when its bytes are on disk, ended when its markers are', async () => {
  const { transactions, log, init, stored, becomes } = await begin('order')
  const producer = await init()
  await transactions.addPartitions(producer, [t0, t1])
  equal(await stored(), 'Ongoing')
  equal(transactions.refusal(producer, t0), null)
  log.isDurableHeld = true
  log.areMarkersHeld = true
  const ended = transactions.end(producer, true, 2)
  await until('the bytes are waited for', async () => log.heldCount === 1)
  equal(await stored(), 'Ongoing')
  equal(transactions.refusal(producer, t0), 'INVALID_TXN_STATE')
  log.release()
  deepEqual(await ended, { producerId: producer.producerId, epoch: 1 })
  equal(await stored(), 'PrepareCommit')
  await until('the markers are being written', async () => log.heldCount === 1)
  equal(await stored(), 'PrepareCommit')
  log.release()
  await becomes('CompleteCommit')
  const { producerId } = producer
  deepEqual(log.written, [`commit ${producerId}/1 #t-0`, `commit ${producerId}/1 #t-1`])
})

test('a commit whose bytes may be lost is refused, and its transaction stays open', async () => {
  const { transactions, log, init, stored } = await begin('lost')
  const producer = await init()
  await transactions.addPartitions(producer, [t0])
  log.isDurableHeld = true
  const ended = transactions.end(producer, true, 2)
  await until('the bytes are waited for', async () => log.heldCount === 1)
  log.fail()
  await rejects(ended, { errorName: 'COORDINATOR_NOT_AVAILABLE' })
  equal(await stored(), 'Ongoing')
  await transactions.end(producer, false, 2)
})

test('offsets become visible with the decision, not before and not after an abort', async () => {
  const { transactions, log, init, offset } = await begin('offsets')
  log.areMarkersHeld = true
  let producer = await init()
  await transactions.addPartitions(producer, [t0])
  await transactions.checkPend(producer, 'g', true)
  await transactions.pend(producer, 'g', [offset(0, 5), offset(1, 6)], true)
  await transactions.pend(producer, 'g', [offset(0, 7)], false)
  deepEqual(await committed('g'), [])
  deepEqual(await transactions.pendingOffsets('g', null), [t0, t1])
  deepEqual(await transactions.pendingOffsets('g', [t1]), [t1])
  deepEqual(await transactions.pendingOffsets('h', null), [])
  producer = { ...producer, ...(await transactions.end(producer, true, 2)) }
  deepEqual(await committed('g'), [
    [0, 7],
    [1, 6],
  ])
  deepEqual(await transactions.pendingOffsets('g', null), [])
  log.areMarkersHeld = false
  await until('the markers are being written', async () => log.heldCount === 1)
  log.release()
  await transactions.addPartitions(producer, [t0])
  await transactions.pend(producer, 'g', [offset(0, 9)], true)
  await transactions.end(producer, false, 2)
  deepEqual(await committed('g'), [
    [0, 7],
    [1, 6],
  ])
  deepEqual(await transactions.pendingOffsets('g', null), [])
})

test('a decided transaction is ended after a crash, before anyone may write', async () => {
  const box = await begin('crash')
  const producer = await box.init()
  await box.transactions.addPartitions(producer, [t0])
  box.log.areMarkersHeld = true
  await box.transactions.end(producer, true, 2)
  await until('the markers are being written', async () => box.log.heldCount === 1)
  box.log.areMarkersHeld = false
  await box.reopen()
  deepEqual(box.log.written, [`commit ${producer.producerId}/1 #t-0`])
  await box.becomes('CompleteCommit')
  const next = { ...producer, epoch: 1 }
  await box.transactions.addPartitions(next, [t0])
  await box.transactions.end(next, false, 1)
  await box.becomes('CompleteAbort')
})

test('an open transaction outlives a crash, and its time goes on', async () => {
  const box = await begin('open')
  const producer = await box.init()
  await box.transactions.addPartitions(producer, [t0])
  box.log.open = [{ ...t0, ...producer }]
  box.pass(30_000)
  await box.reopen()
  deepEqual(box.log.written, [])
  equal(box.transactions.refusal(producer, t0), null)
  box.pass(30_000)
  await box.becomes('CompleteAbort')
  deepEqual(box.log.written, [`abort ${producer.producerId}/1 #t-0`])
})

test('an open transaction in a log that no row names is aborted at the start', async () => {
  const box = await begin('orphan')
  const producer = await box.init()
  await box.transactions.addPartitions(producer, [t0])
  const { producerId, epoch } = producer
  box.log.open = [
    { ...t0, producerId, epoch },
    { ...t1, producerId, epoch },
    { ...t0, producerId: 999_999, epoch: 3 },
  ]
  await box.reopen()
  deepEqual(box.log.written, [`abort ${producerId}/0 #t-1`, 'abort 999999/3 #t-0'])
})

test('markers that cannot be written are written later, and those that were are not again', async () => {
  const { transactions, log, init, stored, pass, becomes } = await begin('later')
  const producer = await init()
  await transactions.addPartitions(producer, [t0, t1])
  // The last one is for the first marker.
  log.refusals = ['KAFKA_STORAGE_ERROR', 'KAFKA_STORAGE_ERROR', null]
  await transactions.end(producer, false, 1)
  for (const count of [2, 3]) {
    await until('a marker was refused', async () => log.written.length === count)
    equal(await stored(), 'PrepareAbort')
    await realClockTurn()
    pass(100)
  }
  await becomes('CompleteAbort')
  const { producerId } = producer
  deepEqual(log.written, [
    `abort ${producerId}/0 #t-0`,
    `KAFKA_STORAGE_ERROR ${producerId}/0 #t-1`,
    `KAFKA_STORAGE_ERROR ${producerId}/0 #t-1`,
    `abort ${producerId}/0 #t-1`,
  ])
})

test('a marker that comes too late is one that nobody needs', async () => {
  const { transactions, log, init, becomes } = await begin('too-late')
  const producer = await init()
  await transactions.addPartitions(producer, [t0])
  log.refusals = ['INVALID_PRODUCER_EPOCH']
  await transactions.end(producer, true, 2)
  await becomes('CompleteCommit')
})

const realClockTurn = (): Promise<void> => new Promise((resolve) => realClock.endOfTurn(resolve))

test('what a client sends for its next transaction waits until the one before is over', async () => {
  const { transactions, log, init } = await begin('next')
  const producer = await init()
  await transactions.addPartitions(producer, [t0])
  log.areMarkersHeld = true
  const next = { ...producer, ...(await transactions.end(producer, true, 2)) }
  await rejects(transactions.missingPartitions(next, [t0]), {
    errorName: 'CONCURRENT_TRANSACTIONS',
  })
  const joined = transactions.addPartitions(next, [t1])
  const checked = transactions.checkPend(next, 'g', true)
  await until('the markers are being written', async () => log.heldCount === 1)
  log.release()
  await Promise.all([joined, checked])
  deepEqual(await transactions.missingPartitions(next, [t0, t1]), [t0])
})

test('it does not wait longer than the settings allow', async () => {
  const { transactions, log, init, pass } = await begin('patience')
  const producer = await init()
  await transactions.addPartitions(producer, [t0])
  log.areMarkersHeld = true
  const next = { ...producer, ...(await transactions.end(producer, true, 2)) }
  const refused = rejects(transactions.addPartitions(next, [t1]), {
    errorName: 'CONCURRENT_TRANSACTIONS',
  })
  let isOver = false
  void refused.then(() => {
    isOver = true
  })
  await until('it gives up', async () => {
    pass(1000)
    return isOver
  })
})

test('when the store fails the machine is loaded again, and an open transaction still ends', async () => {
  const { transactions, init, breakStore, pass, becomes, stored } = await begin('broken')
  const producer = await init()
  await transactions.addPartitions(producer, [t0])
  breakStore(true)
  const lost = [transactions.addPartitions(producer, [t1]), transactions.end(producer, false, 2)]
  for (const each of lost) await rejects(each, { errorName: 'COORDINATOR_NOT_AVAILABLE' })
  equal(await stored(), 'Ongoing')
  equal(transactions.refusal(producer, t0), 'COORDINATOR_LOAD_IN_PROGRESS')
  breakStore(false)
  await until('the machine is loaded', async () => {
    pass(100)
    return transactions.refusal(producer, t0) === null
  })
  equal(transactions.refusal(producer, t1), 'INVALID_TXN_STATE')
  pass(60_000)
  await becomes('CompleteAbort')
})

test('an id that nobody uses is forgotten', async () => {
  const { transactions, init, pass, stored } = await begin('unused')
  const producer = await init()
  pass(1000)
  await transactions.expire(1001)
  equal(await stored(), 'Empty')
  await transactions.expire(1000)
  equal(await stored(), undefined)
  await rejects(transactions.describe('unused'), { errorName: 'TRANSACTIONAL_ID_NOT_FOUND' })
  await rejects(transactions.addPartitions(producer, [t0]), {
    errorName: 'INVALID_PRODUCER_ID_MAPPING',
  })
})

test('ids are listed and described as they are, in memory or not', async () => {
  const box = await begin('listed')
  const producer = await box.init()
  await box.transactions.addPartitions(producer, [t1])
  const { facts, partitions } = await box.transactions.describe('listed')
  deepEqual([facts.phase, facts.startedAtMs, partitions], ['Ongoing', 1_000_000, [t1]])
  const phases = async () =>
    (await box.transactions.list())
      .filter(({ transactionalId }) => transactionalId === 'listed')
      .map(({ phase, producerId }) => [phase, producerId])
  deepEqual(await phases(), [['Ongoing', producer.producerId]])
  await box.transactions.end(producer, false, 1)
  await box.becomes('CompleteAbort')
  await box.reopen()
  deepEqual(await phases(), [['CompleteAbort', producer.producerId]])
})

test('offsets that are still to be decided keep their group, and go when it is deleted', async () => {
  const { transactions, init, offset } = await begin('group')
  const store = new SqlGroupStore(database, realClock)
  const time = { ...realClock, nowMs: () => 1, endOfTurn: realClock.endOfTurn }
  const groups = new ConsumerGroups(store, time, classicDefaults, () => ({
    topics: topicsImage(1, []),
    settings: modernGroupDefaults,
  }))
  const producer = await init()
  await transactions.checkPend(producer, 'kept', true)
  const nobody = {
    ...{ memberId: '', instanceId: null, generationId: -1 },
    ...{ transactional: true, version: 5 },
  }
  const offsets = [offset(0, 1)]
  let pended: Promise<void> | undefined
  await groups.checkCommit('kept', nobody, offsets, () => {
    pended = transactions.pend(producer, 'kept', offsets, true)
  })
  await pended
  equal(await store.hasOffsets('kept'), true)
  await groups.commit('kept', { ...nobody, transactional: false }, [offset(0, 4), offset(1, 4)])
  await groups.expire(0, realClock.nowMs() + 60_000, () => undefined)
  deepEqual(await committed('kept'), [[0, 4]])
  equal((await groups.list()).filter(({ groupId }) => groupId === 'kept').length, 1)
  await groups.delete('kept')
  equal(await store.hasOffsets('kept'), false)
  await transactions.end(producer, true, 2)
  deepEqual(await committed('kept'), [])
})
