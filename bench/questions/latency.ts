// How long an acknowledgement takes, and how long a message until it is read, at a rate that a broker sustains.
import type { RunningBroker } from '../control/kafka.ts'
import { type Percentiles, runLoad } from '../control/load.ts'
import { makeTopic, onBroker, untilServed, untilStored } from './fresh-broker.ts'
import type { Figure, Question } from './question.ts'

const topic = 'paced'
const partitionCount = 4
const warmSeconds = 4
const measuredSeconds = 10

interface Rate {
  name: string
  messagesPerSecond: number
  messageSize: number
  /** Of the producer, `key=value`. */
  settings: readonly string[]
  /** Whether the messages are read, too. */
  isRead: boolean
}

/** Messages are due at a steady rate, whatever became of those before: one that is sent late counts as late. */
export const latencyQuestions = (): Question[] => [
  question({
    ...{ name: 'latency-20k', messagesPerSecond: 20_000, messageSize: 1000 },
    ...{ settings: [], isRead: true },
  }),
  question({
    ...{ name: 'latency-2k', messagesPerSecond: 2000, messageSize: 100 },
    ...{ settings: ['linger.ms=0'], isRead: false },
  }),
]

const question = (rate: Rate): Question => ({
  name: rate.name,
  title: `${rate.messagesPerSecond} messages of ${rate.messageSize} B a second over ${partitionCount} partitions by librdkafka, ${rate.settings[0] ?? 'linger.ms=5'}, acks=all`,
  conditions: ['hot', 'flushed'],
  ask: (broker, condition) => onBroker(broker, condition, (running) => latency(running, rate)),
})

const latency = async ({ port, pid }: RunningBroker, rate: Rate): Promise<Figure> => {
  await makeTopic(port, topic, partitionCount)
  await untilServed(port, topic, partitionCount)
  const run = (seconds: number) =>
    runLoad([
      rate.isRead ? 'e2e' : 'produce',
      ...['-b', `127.0.0.1:${port}`, '-t', topic, '-a', 'all', '--pid', String(pid)],
      ...['-r', String(rate.messagesPerSecond), '-n', String(rate.messagesPerSecond * seconds)],
      ...['-s', String(rate.messageSize)],
      ...rate.settings.flatMap((setting) => ['-X', setting]),
    ])
  await run(warmSeconds)
  const { ackMs, endToEndMs, brokerCpuSeconds, brokerRssMb } = await run(measuredSeconds)
  const sent = (warmSeconds + measuredSeconds) * rate.messagesPerSecond
  await untilStored(port, topic, partitionCount, sent)
  return {
    ...named('ack', ackMs!),
    ...(endToEndMs && named('endToEnd', endToEndMs)),
    brokerCpuMicrosPerMessage:
      (brokerCpuSeconds! * 1e6) / (rate.messagesPerSecond * measuredSeconds),
    brokerRssMb: brokerRssMb!,
  }
}

const named = (name: string, { p50, p99, p999 }: Percentiles): Figure => ({
  [`${name}P50Ms`]: p50,
  [`${name}P99Ms`]: p99,
  [`${name}P999Ms`]: p999,
})
