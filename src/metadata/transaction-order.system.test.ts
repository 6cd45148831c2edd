// What has to be on disk before what: a crash between any two steps of a transaction must find it whole.
import { deepEqual, equal, rejects } from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import {
  type Asking,
  type CommittedOffset,
  TransactionalAppends,
  Transactions,
} from '#coordinators'
import { MetadataStore, SqlGroupStore, SqlTransactionStore } from '#metadata'
import { HeldDatabase, HeldTransactionLog, temporaryFolder, until } from '#testing'
import { type Database, realClock, realDatabases, realRandom } from '#world'

const folder = temporaryFolder()
let database: Database
before(async () => {
  database = await realDatabases().open(join(folder.path, 'metadata.db'))
  const metadata = new MetadataStore(database)
  await metadata.start(realRandom, async () => undefined)
  const base = { partitionCount: 9, createdInStart: 1, configs: {} }
  await metadata.createTopics([{ id: '#t', name: 't', ...base }], 0)
  await new SqlGroupStore(database, realClock).start()
})
after(async () => {
  await database.close()
  folder.remove()
})

const settings = { timeoutMaxMs: 900_000, retryBackoffMs: 1, retryMaxMs: 10_000 }
const t0 = { topicId: '#t', partition: 0 }
const t1 = { topicId: '#t', partition: 1 }
const time = {
  nowMs: () => 1_000_000,
  endOfTurn: realClock.endOfTurn,
  // Nothing comes again by itself here.
  after: () => ({ cancel: () => undefined }),
}
const offset: CommittedOffset = {
  ...{ topicId: '#t', partition: 3, offset: 7, leaderEpoch: -1, metadata: '' },
  ...{ committedAtMs: 1_000_000, expiresAtMs: null },
}
let producerIds = 0

const begin = async (transactionalId: string) => {
  const log = new HeldTransactionLog()
  const store = new HeldDatabase(database)
  const ids = { take: async () => (producerIds += 1) }
  const open = () => new Transactions(new SqlTransactionStore(store), log, ids, time, settings)
  const transactions = open()
  const init = { timeoutMs: 60_000, expected: null }
  const producer: Asking = {
    transactionalId,
    ...(await transactions.init(transactionalId, init)),
  }
  const [sql, values] = [
    'SELECT state FROM transactions WHERE transactional_id = ?',
    [transactionalId],
  ]
  const state = async () => (await database.write([{ sql, values }]))[0]![0]?.state
  const committed = async (groupId: string) =>
    (await new SqlGroupStore(database, realClock).offsets(groupId, null)).length
  return { log, store, open, transactions, producer, state, committed }
}

for (const adds of [true, false])
  test(`(a) no batch enters before the row of its partition is durable, ${adds ? 'added' : 'verified'}`, async () => {
    const { store, transactions, producer } = await begin(`a-${adds}`)
    const appends = new TransactionalAppends(transactions)
    const entered: string[] = []
    const enter = (what: string) =>
      appends.enter(producer, [t0], adds, async (refusalOf) => {
        equal(refusalOf(t0) ?? transactions.refusal(producer, t0), null)
        entered.push(what)
      })
    store.isHeld = true
    const added = adds ? undefined : transactions.addPartitions(producer, [t0])
    const both = [enter('first'), enter('second')]
    await until('the row is being written', () => store.heldCount === 1)
    await turns()
    deepEqual(entered, [])
    store.release()
    await Promise.all([added, ...both])
    deepEqual(entered, ['first', 'second'])
    void enter('third')
    deepEqual(entered, ['first', 'second', 'third'], 'what is open is not waited for')
    await transactions.end(producer, false, 1)
  })

test('(a) a batch whose row is lost does not enter', async () => {
  const { store, transactions, producer } = await begin('a-lost')
  const appends = new TransactionalAppends(transactions)
  const enter = () => appends.enter(producer, [t0], true, async (refusalOf) => refusalOf(t0))
  store.writesLeft = 0
  equal(await enter(), 'COORDINATOR_NOT_AVAILABLE')
  store.writesLeft = Number.POSITIVE_INFINITY
  equal(await enter(), null)
  await transactions.end(producer, false, 1)
})

test('(b) nothing is decided before what was written is on disk', async () => {
  const { log, transactions, producer, state } = await begin('b')
  await transactions.addPartitions(producer, [t0])
  log.isDurableHeld = true
  const ended = transactions.end(producer, true, 2)
  await until('the bytes are waited for', () => log.heldCount === 1)
  await turns()
  equal(await state(), 'Ongoing')
  equal(transactions.refusal(producer, t0), 'INVALID_TXN_STATE', 'and nothing more may enter')
  log.release()
  await ended
})

test('(c) the decision makes the offsets visible in its own step, and nothing before it does', async () => {
  const { log, store, transactions, producer, state, committed } = await begin('c')
  await transactions.addPartitions(producer, [t0])
  await transactions.checkPend(producer, 'c', true)
  await transactions.pend(producer, 'c', [offset], true)
  equal(await committed('c'), 0)
  log.areMarkersHeld = true
  store.isHeld = true
  const ended = transactions.end(producer, true, 2)
  await until('the decision is being written', () => store.heldCount === 1)
  deepEqual([await state(), await committed('c')], ['Ongoing', 0])
  // A crash right behind this one write.
  store.writesLeft = 1
  store.release()
  await ended
  deepEqual([await state(), await committed('c')], ['PrepareCommit', 1])
})

test('(c) a decision that could not be stored leaves the offsets as they were', async () => {
  const { log, store, transactions, producer, state, committed } = await begin('c-lost')
  await transactions.addPartitions(producer, [t0])
  await transactions.checkPend(producer, 'c-lost', true)
  await transactions.pend(producer, 'c-lost', [offset], true)
  store.writesLeft = 0
  await rejects(transactions.end(producer, true, 2), { errorName: 'COORDINATOR_NOT_AVAILABLE' })
  deepEqual([await state(), await committed('c-lost')], ['Ongoing', 0])
  deepEqual(log.written, [], 'and no marker is written')
})

test('(d) markers follow the decision, and the transaction is over only when they are on disk', async () => {
  const { log, store, transactions, producer, state } = await begin('d')
  await transactions.addPartitions(producer, [t0, t1])
  log.areMarkersHeld = true
  store.isHeld = true
  const ended = transactions.end(producer, true, 2)
  await until('the decision is being written', () => store.heldCount === 1)
  await turns()
  equal(log.heldCount, 0)
  store.release()
  await ended
  await until('the markers are being written', () => log.heldCount === 1)
  await turns()
  equal(await state(), 'PrepareCommit')
  log.release()
  await until('the transaction is over', async () => (await state()) === 'CompleteCommit')
})

test('(d) a start writes the markers that a crash kept from being written before it is over', async () => {
  const { log, open, transactions, producer } = await begin('d-crash')
  await transactions.addPartitions(producer, [t0, t1])
  log.areMarkersHeld = true
  await transactions.end(producer, true, 2)
  await until('the markers are being written', () => log.heldCount === 1)
  log.open = [{ ...t0, ...producer }]
  let isStarted = false
  const started = open()
    .start()
    .then(() => {
      isStarted = true
    })
  await until('the markers are being written again', () => log.heldCount > 1)
  await turns()
  equal(isStarted, false)
  log.areMarkersHeld = false
  log.release()
  await started
  const { producerId } = producer
  const own = log.written.filter((line) => line.includes(` ${producerId}/`))
  for (const partition of [0, 1])
    equal(own.includes(`commit ${producerId}/1 #t-${partition}`), true)
  equal(
    own.some((line) => line.startsWith('abort')),
    false,
  )
})

/** Long enough for whatever is not waiting to happen. */
const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn += 1)
    await new Promise<void>((resolve) => realClock.endOfTurn(resolve))
}
