// Processors that read, write and commit what they have read in transactions, while the broker is killed.
import { deepEqual, equal } from 'node:assert/strict'
import { test } from 'node:test'
import { errorNameOf, KafkaError } from '#model'
import { OffsetFetch } from '#protocol'
import {
  type BrokerProcess,
  createTopic,
  readCommitted,
  SeededRandom,
  spawnBroker,
  type Topic,
  TransactionalClient,
  until,
  type WireClient,
} from '#testing'
import { commitSeed } from './seed.ts'

const processorCount = 6
const killCount = 4
/** What a client hears of a broker that has just started, or of an id that it has just taken over. */
const passing = [
  'CONCURRENT_TRANSACTIONS',
  'COORDINATOR_LOAD_IN_PROGRESS',
  'COORDINATOR_NOT_AVAILABLE',
  'NOT_COORDINATOR',
  'NOT_ENOUGH_REPLICAS',
  'UNSTABLE_OFFSET_COMMIT',
]

/** How far the group has read the first partition of the topic, as a member that owns it now asks. */
const committed = async (client: WireClient, groupId: string, topic: Topic): Promise<number> => {
  const { groups } = await client.request(OffsetFetch, 9, {
    requireStable: true,
    groups: [{ groupId, topics: [{ name: topic.name, partitionIndexes: [0] }] }],
  })
  const { errorCode, committedOffset } = groups[0]!.topics[0]!.partitions[0]!
  if (errorCode !== 0) throw new KafkaError(errorNameOf(errorCode), 'not yet')
  return Math.max(0, committedOffset)
}

test('each input is in the output once, and in order, whenever the broker is killed', async (t) => {
  const seed = commitSeed()
  t.diagnostic(`seed ${seed}`)
  const random = new SeededRandom(seed)
  let broker: BrokerProcess = await spawnBroker()
  t.after(() => broker.remove())
  const { folder, port } = broker
  const first = await broker.connect()
  const topics: Topic[] = []
  for (let index = 0; index < processorCount; index += 1)
    topics.push(await createTopic(first, `copy-${index}`, { partitions: 2 }))
  first.close()
  let commits = 0
  let isOver = false
  const failures: unknown[] = []

  /** Writes the numbers of its inputs, even ones to partition 0, until it is over or something fails. */
  const process = async (client: WireClient, index: number): Promise<void> => {
    const topic = topics[index]!
    const version = index % 2 === 0 ? 1 : 2
    const producer = new TransactionalClient(client, `id-${index}`, version)
    await producer.init()
    let next = await committed(client, `group-${index}`, topic)
    while (!isOver) {
      const inputs = Array.from({ length: 1 + random.below(4) }, (_, step) => next + step)
      if (version === 1) {
        await producer.add(topic, 0, 1)
        await producer.addGroup(`group-${index}`)
      }
      await Promise.all(inputs.map((input) => producer.produce(topic, input % 2, [`${input}`])))
      const offset = next + inputs.length
      await producer.pend(`group-${index}`, [{ topic, partition: 0, offset }])
      const commit = random.below(4) > 0
      await producer.end(commit)
      if (!commit) continue
      next = offset
      commits += 1
    }
  }

  const keepProcessing = async (index: number): Promise<void> => {
    while (!isOver) {
      const client = await broker.connect().catch(() => undefined)
      try {
        if (client) await process(client, index)
      } catch (error) {
        const isPassing =
          error instanceof KafkaError ? passing.includes(error.errorName) : broker.port === port
        if (!isPassing) failures.push(error)
      }
      client?.close()
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  const processors = topics.map((_, index) => keepProcessing(index))
  for (let kill = 0; kill < killCount; kill += 1) {
    const enough = commits + 10 + random.below(60)
    await until('there are more commits', () => commits >= enough || failures.length > 0)
    await broker.kill()
    broker = await spawnBroker({ folder, port })
  }
  const enough = commits + 20
  await until('it goes on', () => commits >= enough || failures.length > 0)
  isOver = true
  await Promise.all(processors)
  deepEqual(failures, [])

  const client = await broker.connect()
  for (const [index, topic] of topics.entries()) {
    const count = await committed(client, `group-${index}`, topic)
    for (const partition of [0, 1]) {
      const inputs = Array.from({ length: count }, (_, input) => `${input}`)
      await until('everything is decided', async () => {
        const part = await readCommitted(client, topic, partition)
        if (part.lastStable < part.highWatermark) return false
        deepEqual(
          part.values,
          inputs.filter((input) => Number(input) % 2 === partition),
        )
        return true
      })
    }
  }
  equal(commits > 0, true)
  client.close()
})
