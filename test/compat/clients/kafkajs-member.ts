// A member of a group by kafkajs, which commits by itself.
import kafkajs from 'kafkajs'
import { registerCodecs } from '../npm-writers.ts'
import { memberArguments, stopped, take } from './taking.ts'

registerCodecs()
const { broker, groupId, topics } = memberArguments()
const kafka = new kafkajs.Kafka({
  clientId: 'kafkajs',
  brokers: [broker],
  logLevel: kafkajs.logLevel.NOTHING,
  retry: { initialRetryTime: 50, maxRetryTime: 500, retries: 100 },
})
const consumer = kafka.consumer({
  groupId,
  sessionTimeout: 6000,
  heartbeatInterval: 200,
  rebalanceTimeout: 10_000,
  maxWaitTimeInMs: 100,
})
await consumer.connect()
await consumer.subscribe({ topics, fromBeginning: true })
await consumer.run({
  autoCommitInterval: 200,
  eachBatch: ({ batch: { topic, partition, messages } }) =>
    take(
      messages.map(({ offset, value }) => [
        topic,
        partition,
        Number(offset),
        value?.toString() ?? '',
      ]),
    ),
})
await stopped
await consumer.disconnect()
process.exit()
