// What was asked for: the ratios to Kafka that the broker has to reach.
import type { Condition } from '../questions/question.ts'

/** A figure and the ratio that it must have. */
export interface Goal {
  key: string
  floor: number
  /** Whether less is better. */
  smaller: boolean
}

/** A question in one condition. */
export interface Row {
  title: string
  question: string
  condition: Condition
  rate?: Goal | undefined
  cost?: Goal | undefined
}

const atLeast = (key: string, floor: number): Goal => ({ key, floor, smaller: false })
const atMost = (key: string, floor: number): Goal => ({ key, floor, smaller: true })
const messages = (floor: number): Goal => atLeast('messagesPerSecond', floor)
const gigabytes = (floor: number): Goal => atLeast('gigabytesPerSecond', floor)
const cpu = (floor: number): Goal => atMost('brokerCpuSecondsPerGb', floor)
const cpuOfMessage = (floor: number): Goal => atMost('brokerCpuMicrosPerMessage', floor)
const memory = (floor: number): Goal => atMost('brokerRssMb', floor)

const row = (
  title: string,
  question: string,
  condition: Condition,
  rate?: Goal,
  cost?: Goal,
): Row => ({ title, question, condition, rate, cost })

const produced: readonly Row[] = [
  row('produce 100 B, acks=1', 'produce-100b-acks-1', 'hot', messages(0.85), cpu(1)),
  row('the same', 'produce-100b-acks-1', 'fresh', messages(1.5), cpu(0.25)),
  row('the same by frames', 'produce-100b-acks-1-frames', 'hot', messages(0.85), cpu(1)),
  row('produce 100 B, acks=all', 'produce-100b-acks-all', 'hot', messages(0.75), cpu(1.5)),
  row('the same', 'produce-100b-acks-all', 'fresh', messages(1.35), cpu(0.38)),
  row('the same', 'produce-100b-acks-all', 'flushed', messages(0.9), cpu(1)),
  row('produce 1 KB, 16 partitions', 'produce-1kb-16-partitions', 'hot', messages(2), cpu(0.5)),
  row('produce 1 KB lz4, acks=all', 'produce-1kb-lz4', 'hot', messages(0.9), cpu(1)),
  row('1,000 partitions, acks=all', 'produce-1000-partitions', 'flushed', messages(10), cpu(0.5)),
  row('one message a request', 'one-message-a-request', 'hot', messages(3), cpu(0.25)),
  row('the same by frames', 'one-message-a-request-frames', 'hot', messages(3), cpu(0.25)),
]

const consumed: readonly Row[] = [
  row('consume 100 B', 'consume-100b', 'hot', messages(0.9), cpu(1.1)),
  row('consume 1 KB', 'consume-1kb', 'hot', messages(0.9), cpu(1.1)),
  ...['catch-up', 'tail'].flatMap((where) =>
    [1, 4, 20].map((readers) =>
      row(`${where}, ${readers} reader(s)`, `${where}-${readers}`, 'hot', gigabytes(0.9), cpu(1.1)),
    ),
  ),
]

/** A floor for a hot Kafka, and one for Kafka that syncs each append. */
const latencies = (title: string, question: string, key: string, hot: number, flushed: number) => [
  row(title, question, 'hot', atMost(key, hot), cpuOfMessage(1)),
  row(title, question, 'flushed', atMost(key, flushed), cpuOfMessage(1)),
]

const timed: readonly Row[] = [
  ...latencies('20 k msg/s of 1 KB: acknowledged, p99', 'latency-20k', 'ackP99Ms', 1, 0.05),
  ...latencies('20 k msg/s of 1 KB: read, p99', 'latency-20k', 'endToEndP99Ms', 1.2, 0.06),
  ...latencies('2 k msg/s: acknowledged, p50', 'latency-2k', 'ackP50Ms', 1.6, 0.03),
  ...latencies('2 k msg/s: acknowledged, p99', 'latency-2k', 'ackP99Ms', 2, 0.03),
]

const idle: readonly Row[] = [
  row('start; idle memory', 'start', 'fresh', atMost('startMs', 0.13), memory(0.25)),
  row(
    '10,000 partitions: a message to each; memory',
    'restart-10000-partitions',
    'fresh',
    atMost('writeMs', 0.15),
    memory(0.3),
  ),
  row(
    '10,000 partitions: restart',
    'restart-10000-partitions',
    'fresh',
    atMost('cleanRestartMs', 0.15),
  ),
  row(
    '5,000 waiting connections: CPU; memory',
    'idle-connections',
    'hot',
    atMost('brokerCpuPercent', 0.5),
    memory(0.4),
  ),
]

/** Of transactions with an offset, by partitions and producers: how many times Kafka's rate. */
const transactionFloors = [
  [1, 1, 2],
  [1, 20, 2],
  [10, 20, 3],
  [100, 1, 10],
] as const

const transactions: readonly Row[] = transactionFloors.flatMap(([partitions, producers, floor]) =>
  (['librdkafka', 'v2'] as const).map((client) =>
    row(
      `transactions of ${partitions} partition(s), ${producers} producer(s), ${client}`,
      `transactions-${client}-${partitions}-by-${producers}`,
      'hot',
      atLeast('transactionsPerSecond', floor),
      atMost('brokerCpuMsEach', 0.25),
    ),
  ),
)

/** In the order that they are shown in. */
export const goals: readonly Row[] = [...produced, ...consumed, ...timed, ...idle, ...transactions]
