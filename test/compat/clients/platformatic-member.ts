// A member of a group by @platformatic/kafka, which commits what it has taken.
import { Consumer, stringDeserializers } from '@platformatic/kafka'
import { memberArguments, stopped, type Taken, take } from './taking.ts'

const { broker, groupId, topics, newer } = memberArguments()
const options = {
  clientId: 'platformatic',
  groupId,
  bootstrapBrokers: [broker],
  sessionTimeout: 6000,
  heartbeatInterval: 200,
  rebalanceTimeout: 10_000,
  maxWaitTime: 100,
}
const consumer = new Consumer({
  ...options,
  ...(newer && { groupProtocol: 'consumer' }),
  deserializers: stringDeserializers,
  retries: 100,
  retryDelay: 50,
})
/**
 * Commits in the name of the other in the classic protocol. A commit that a rebalance has overtaken is refused, and with retries
 * the client rejoins and sends it again in its new generation: it would overwrite what the partition's
 * next owner has committed in between. In the newer protocol it commits by itself.
 */
const committer = new Consumer({ ...options, retries: 0 })

let arrived: Taken[] = []
/** What has been taken in this generation of partitions that are this member's. */
let owned = new Map<string, { topic: string; partition: number; offset: bigint }>()
let generationId = -1

const startGeneration = (): void => {
  if (consumer.generationId === generationId) return
  generationId = consumer.generationId
  owned = new Map()
}
consumer.on('consumer:group:join', startGeneration)

const stream = await consumer.consume({
  topics,
  mode: 'committed',
  fallbackMode: 'earliest',
  autocommit: false,
})
const working = (async () => {
  for await (const { topic, partition, offset, value } of stream)
    arrived.push([topic, partition, Number(offset), value])
})()

const isOwn = (topic: string, partition: number): boolean =>
  consumer.assignments?.some(
    (each) => each.topic === topic && each.partitions.includes(partition),
  ) === true

const handOver = async (): Promise<void> => {
  startGeneration()
  const records = arrived
  const ofGeneration = owned
  arrived = []
  const own = records.filter(([topic, partition]) => isOwn(topic, partition))
  if (records.length > 0) await take(records)
  for (const [topic, partition, offset] of own)
    ofGeneration.set(`${topic}-${partition}`, { topic, partition, offset: BigInt(offset + 1) })
}

const commit = async (): Promise<void> => {
  const offsets = [...owned.values()]
    .filter(({ topic, partition }) => isOwn(topic, partition))
    .map((each) => ({ ...each, leaderEpoch: -1 }))
  if (offsets.length === 0) return
  owned.clear()
  if (newer) return consumer.commit({ offsets }).catch(() => undefined)
  committer.memberId = consumer.memberId
  committer.generationId = generationId
  // What is refused or lost will be read again.
  await committer.commit({ offsets }).catch(() => undefined)
}

let isStopped = false
const handingOver = (async () => {
  for (let round = 0; !isStopped; round += 1) {
    await handOver()
    if (round % 20 === 0) await commit()
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  await handOver()
  await commit()
})()
await stopped
isStopped = true
await handingOver
await stream.close()
await working
await consumer.close(true)
process.exit()
