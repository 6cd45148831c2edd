import { deepEqual, equal, ok } from 'node:assert/strict'
import { after, test } from 'node:test'
import { ConsumerGroupHeartbeat, OffsetCommit } from '#protocol'
import {
  boxBroker,
  createTopic,
  type MetricFamily,
  readExposition,
  TransactionalClient,
  until,
} from '#testing'

const box = await boxBroker(['odradek.metrics.listener=127.0.0.1:0'])
const client = await box.connect()
after(async () => {
  client.close()
  await box.remove()
})
const topic = await createTopic(client, 'topic')

const scrape = async (): Promise<Map<string, MetricFamily>> => {
  const response = await fetch(`http://127.0.0.1:${box.broker.metrics!.port}/metrics`)
  return readExposition(await response.text())
}
/** What there is of each state, those without any left out. */
const counts = async (name: string): Promise<Record<string, number>> =>
  Object.fromEntries(
    (await scrape())
      .get(name)!
      .samples.filter(({ value }) => value > 0)
      .map(({ labels, value }) => [Object.values(labels).join(' '), value]),
  )
const heartbeat = async (memberEpoch: number): Promise<void> => {
  const { errorCode } = await client.request(ConsumerGroupHeartbeat, 1, {
    groupId: 'consumers',
    memberId: 'one',
    memberEpoch,
    rebalanceTimeoutMs: memberEpoch === 0 ? 30_000 : -1,
    subscribedTopicNames: memberEpoch === 0 ? [topic.name] : null,
    topicPartitions: memberEpoch === 0 ? [] : null,
  })
  equal(errorCode, 0)
}

test('groups are counted by type and state as they change', async () => {
  deepEqual(await counts('odradek_groups'), {})
  const partitions = [{ partitionIndex: 0, committedOffset: 0, committedMetadata: '' }]
  await client.request(OffsetCommit, 9, {
    groupId: 'classic',
    memberId: '',
    generationIdOrMemberEpoch: -1,
    topics: [{ name: topic.name, partitions }],
  })
  await heartbeat(0)
  deepEqual(await counts('odradek_groups'), { 'classic Empty': 1, 'consumer Stable': 1 })
  await heartbeat(-1)
  deepEqual(await counts('odradek_groups'), { 'classic Empty': 1, 'consumer Empty': 1 })
  const told = (await scrape()).get('odradek_groups')!.samples
  equal(told.find(({ labels }) => labels.state === 'Stable')?.value, 0)
})

test('transactional ids are counted by state, and the oldest open transaction has an age', async () => {
  const oldest = async (): Promise<number> =>
    (await scrape()).get('odradek_transaction_oldest_seconds')!.samples[0]!.value
  equal(await oldest(), 0)
  const producer = new TransactionalClient(client, 'producer', 2)
  await producer.init()
  deepEqual(await counts('odradek_transactional_ids'), { Empty: 1 })
  await producer.produce(topic, 0, ['one'])
  deepEqual(await counts('odradek_transactional_ids'), { Ongoing: 1 })
  await until('the transaction is older than 50 ms', async () => (await oldest()) > 0.05)
  await producer.end(true)
  await until(
    'it is over',
    async () => 'CompleteCommit' in (await counts('odradek_transactional_ids')),
  )
  equal(await oldest(), 0)
})

test('rounds of syncs are counted with their time', async () => {
  const [count, sum] = ['count', 'sum'].map(
    (part) => `odradek_log_sync_duration_seconds_${part}`,
  ) as [string, string]
  const { samples } = (await scrape()).get('odradek_log_sync_duration_seconds')!
  const value = (name: string): number => samples.find((sample) => sample.name === name)!.value
  ok(value(count) >= 1)
  ok(value(sum) > 0)
})
