// Copies by kafkajs, in transactions: kafkajs-copier.ts PORT ID GROUP FROM TO. Every fourth transaction is
// aborted. What it copies goes to the partition that it comes from; for each transaction that is committed
// it prints how many records were in it.
//
// kafkajs says nothing of the group's generation when it commits offsets (KIP-447), so that nobody would
// fence a copier that has lost its partition. Each partition has a transactional id of its own instead:
// whoever takes the partition over fences the one before, and then asks how far that one came.
import kafkajs from 'kafkajs'

const [port, clientId, groupId, from, to] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
  string,
]
const kafka = new kafkajs.Kafka({
  clientId,
  brokers: [`127.0.0.1:${port}`],
  logLevel: kafkajs.logLevel.NOTHING,
  retry: { initialRetryTime: 50, maxRetryTime: 500, retries: 100 },
})
const consumer = kafka.consumer({
  groupId,
  sessionTimeout: 6000,
  heartbeatInterval: 200,
  rebalanceTimeout: 10_000,
  maxWaitTimeInMs: 100,
  readUncommitted: false,
})
const admin = kafka.admin()
await admin.connect()
/** One for each partition that this copier has been given so far. */
const producers = new Map<number, kafkajs.Producer>()
await consumer.connect()
await consumer.subscribe({ topics: [from], fromBeginning: true })
let count = 0
await consumer.run({
  autoCommit: false,
  eachBatchAutoResolve: false,
  eachBatch: async ({ batch: { topic, partition, messages }, resolveOffset, heartbeat }) => {
    await heartbeat()
    for (const some of inGroups(messages, 20)) {
      await copied(topic, partition, some)
      resolveOffset(some.at(-1)!.offset)
      await heartbeat()
    }
  },
})

/** Copies as often as it takes; whatever goes wrong, a new producer takes over from the old one. */
async function copied(
  topic: string,
  partition: number,
  messages: kafkajs.KafkaMessage[],
): Promise<void> {
  let left = messages
  while (left.length > 0) {
    const known = producers.get(partition)
    try {
      const producer = known ?? (await takeOver(partition))
      // What was asked before may be committed although its answer was lost, or by another copier.
      if (!known) left = after(await committed(topic, partition), left)
      if (left.length > 0 && (await isCopied(producer, topic, partition, left))) return
    } catch (error) {
      process.stderr.write(`again: ${error}\n`)
      await producers
        .get(partition)
        ?.disconnect()
        .catch(() => undefined)
      producers.delete(partition)
    }
  }
}

/** Ends whatever was begun for the partition, here or elsewhere, and keeps its beginner from more. */
async function takeOver(partition: number): Promise<kafkajs.Producer> {
  const producer = kafka.producer({
    transactionalId: `${groupId}-${partition}`,
    idempotent: true,
    maxInFlightRequests: 1,
    transactionTimeout: 5000,
    retry: { retries: 5 },
  })
  producers.set(partition, producer)
  await producer.connect()
  return producer
}

async function committed(topic: string, partition: number): Promise<number> {
  const [found] = await admin.fetchOffsets({ groupId, topics: [topic] })
  const { offset } = found!.partitions.find((each) => each.partition === partition)!
  return Math.max(0, Number(offset))
}

function after(position: number, messages: kafkajs.KafkaMessage[]): kafkajs.KafkaMessage[] {
  return messages.filter(({ offset }) => Number(offset) >= position)
}

/** One transaction; false if it was one of those that are aborted. */
async function isCopied(
  producer: kafkajs.Producer,
  topic: string,
  partition: number,
  messages: kafkajs.KafkaMessage[],
): Promise<boolean> {
  const transaction = await producer.transaction()
  await transaction.send({
    topic: to,
    messages: messages.map(({ value }) => ({ value, partition })),
  })
  count += 1
  if (count % 4 === 0) {
    await transaction.abort()
    return false
  }
  const offset = String(Number(messages.at(-1)!.offset) + 1)
  const topics = [{ topic, partitions: [{ partition, offset }] }]
  await transaction.sendOffsets({ consumerGroupId: groupId, topics })
  await transaction.commit()
  process.stdout.write(`${messages.length}\n`)
  return true
}

function inGroups<Item>(items: readonly Item[], size: number): Item[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  )
}
