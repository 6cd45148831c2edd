// A producer whose transactions are parts of two-phase commits (KIP-939).
import { deepEqual, equal, rejects } from 'node:assert/strict'
import { after, test } from 'node:test'
import { codeOf } from '#model'
import { ApiVersions, DescribeTransactions, InitProducerId } from '#protocol'
import {
  boxBroker,
  createTopic,
  readCommitted,
  TransactionalClient,
  until,
  type WireClient,
} from '#testing'

const box = await boxBroker([
  'transaction.two.phase.commit.enable=true',
  'transaction.max.timeout.ms=200',
])
after(() => box.remove())

const init = (client: WireClient, transactionalId: string, keepPreparedTxn = false) =>
  client.request(InitProducerId, 6, {
    transactionalId,
    transactionTimeoutMs: 100,
    enable2Pc: true,
    keepPreparedTxn,
  })

const described = async (client: WireClient, transactionalId: string) => {
  const request = { transactionalIds: [transactionalId] }
  const { transactionStates } = await client.request(DescribeTransactions, 0, request)
  const { transactionState, transactionTimeoutMs } = transactionStates[0]!
  return [transactionState, transactionTimeoutMs]
}

const lastVersionOf = async (asked: WireClient): Promise<number | undefined> => {
  const { apiKeys } = await asked.request(ApiVersions, 0, {})
  return apiKeys.find(({ apiKey }) => apiKey === InitProducerId.key)?.maxVersion
}

test('a transaction of a two-phase commit outlives every timeout, and is committed in the end', async () => {
  const client = await box.connect()
  const topic = await createTopic(client, 'topic')
  const plain = new TransactionalClient(client, 'plain', 2)
  await plain.init(100)
  await plain.produce(topic, 0, ['plain'])
  const { errorCode, producerId, producerEpoch } = await init(client, 'led')
  equal(errorCode, 0)
  const carriedOn = (by: WireClient): TransactionalClient =>
    Object.assign(new TransactionalClient(by, 'led', 2), { producerId, epoch: producerEpoch })
  await carriedOn(client).produce(topic, 0, ['led'])
  await until('the other one is aborted', async () =>
    String((await described(client, 'plain'))[0]).includes('Abort'),
  )
  deepEqual(await described(client, 'led'), ['Ongoing', 2 ** 31 - 1])
  client.close()
  await box.restart()
  const later = await box.connect()
  await carriedOn(later).end(true)
  await until('it is to be read', async () =>
    (await readCommitted(later, topic)).values.includes('led'),
  )
  later.close()
})

test('keeping a prepared transaction is refused, and so is a long timeout without two phases', async () => {
  const client = await box.connect()
  equal((await init(client, 'kept', true)).errorCode, codeOf('UNSUPPORTED_VERSION'))
  const producer = new TransactionalClient(client, 'long', 2)
  await rejects(producer.init(2 ** 31 - 1), { errorName: 'INVALID_TRANSACTION_TIMEOUT' })
  client.close()
})

test('version 6 is offered only where it is switched on', async () => {
  const other = await boxBroker()
  const [here, there] = [await box.connect(), await other.connect()]
  deepEqual([await lastVersionOf(here), await lastVersionOf(there)], [6, 5])
  here.close()
  there.close()
  await other.remove()
})
