// Copies by kafkajs, in transactions: kafkajs-copier.ts PORT ID GROUP FROM TO. Every fourth transaction is
// aborted. What it copies goes to the partition that it comes from; for each transaction that is committed
// it prints how many records were in it.
import kafkajs from 'kafkajs'

const [port, transactionalId, groupId, from, to] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
  string,
]
const kafka = new kafkajs.Kafka({
  clientId: 'kafkajs',
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
const fresh = () =>
  kafka.producer({
    transactionalId,
    idempotent: true,
    maxInFlightRequests: 1,
    transactionTimeout: 5000,
    retry: { retries: 5 },
  })
let producer = fresh()
await producer.connect()
await consumer.connect()
await consumer.subscribe({ topics: [from], fromBeginning: true })
let count = 0
await consumer.run({
  autoCommit: false,
  eachBatchAutoResolve: false,
  eachBatch: async ({ batch: { topic, partition, messages }, resolveOffset, heartbeat }) => {
    await heartbeat()
    for (const some of inGroups(messages, 20)) {
      const last = some.at(-1)!
      await copied(
        some.map(({ value }) => ({ value, partition })),
        {
          topic,
          partitions: [{ partition, offset: String(Number(last.offset) + 1) }],
        },
      )
      resolveOffset(last.offset)
    }
  },
})

/** Copies as often as it takes; whatever goes wrong, a new producer takes over from the old one. */
async function copied(
  messages: { value: Buffer | null; partition: number }[],
  offsets: kafkajs.TopicOffsets,
): Promise<void> {
  for (;;) {
    try {
      const transaction = await producer.transaction()
      await transaction.send({ topic: to, messages })
      count += 1
      if (count % 4 === 0) {
        await transaction.abort()
        continue
      }
      await transaction.sendOffsets({ consumerGroupId: groupId, topics: [offsets] })
      await transaction.commit()
      process.stdout.write(`${messages.length}\n`)
      return
    } catch (error) {
      process.stderr.write(`again: ${error}\n`)
      await producer.disconnect().catch(() => undefined)
      producer = fresh()
      await producer.connect()
    }
  }
}

function inGroups<Item>(items: readonly Item[], size: number): Item[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  )
}
