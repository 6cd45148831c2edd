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
  question: string
  condition: Condition
  title: string
  rate?: Goal
  cost?: Goal
}

const atLeast = (key: string, floor: number): Goal => ({ key, floor, smaller: false })
const atMost = (key: string, floor: number): Goal => ({ key, floor, smaller: true })
const messages = (floor: number): Goal => atLeast('messagesPerSecond', floor)
const gigabytes = (floor: number): Goal => atLeast('gigabytesPerSecond', floor)
const cpu = (floor: number): Goal => atMost('brokerCpuSecondsPerGb', floor)
const memory = (floor: number): Goal => atMost('brokerRssMb', floor)

/** In the order that they are shown in. */
export const goals: readonly Row[] = [
  {
    ...{ question: 'produce-100b-acks-1', condition: 'hot', rate: messages(0.85), cost: cpu(1) },
    title: 'produce 100 B, 4 partitions, acks=1',
  },
  {
    ...{ question: 'produce-100b-acks-1', condition: 'fresh', rate: messages(1.5) },
    ...{ cost: cpu(0.25), title: 'the same' },
  },
  {
    ...{ question: 'produce-100b-acks-1-frames', condition: 'hot', rate: messages(0.85) },
    ...{ cost: cpu(1), title: 'the same by frames' },
  },
  {
    ...{ question: 'produce-100b-acks-all', condition: 'hot', rate: messages(0.75) },
    ...{ cost: cpu(1.5), title: 'produce 100 B, acks=all, ours synced' },
  },
  {
    ...{ question: 'produce-100b-acks-all', condition: 'fresh', rate: messages(1.35) },
    ...{ cost: cpu(0.38), title: 'the same' },
  },
  {
    ...{ question: 'produce-100b-acks-all', condition: 'flushed', rate: messages(0.9) },
    ...{ cost: cpu(1), title: 'the same' },
  },
  {
    ...{ question: 'produce-1kb-16-partitions', condition: 'hot', rate: messages(2) },
    ...{ cost: cpu(0.5), title: 'produce 1 KB, 16 partitions, acks=1' },
  },
  {
    ...{ question: 'produce-1kb-lz4', condition: 'hot', rate: messages(0.9), cost: cpu(1) },
    title: 'produce 1 KB lz4, acks=all',
  },
  {
    ...{ question: 'produce-1000-partitions', condition: 'flushed', rate: messages(10) },
    ...{ cost: cpu(0.5), title: '1,000 partitions, 200 B, 50 producers, acks=all' },
  },
  {
    ...{ question: 'consume-100b', condition: 'hot', rate: messages(0.9), cost: cpu(1.1) },
    title: 'consume 100 B',
  },
  {
    ...{ question: 'consume-1kb', condition: 'hot', rate: messages(0.9), cost: cpu(1.1) },
    title: 'consume 1 KB',
  },
  ...[1, 4, 20].map(
    (count): Row => ({
      ...{ question: `catch-up-${count}`, condition: 'hot', rate: gigabytes(0.9) },
      ...{ cost: cpu(1.1), title: `catch up, ${count} reader(s)` },
    }),
  ),
  ...[1, 4, 20].map(
    (count): Row => ({
      ...{ question: `tail-${count}`, condition: 'hot', rate: gigabytes(0.9), cost: cpu(1.1) },
      title: `read at the tail, ${count} reader(s)`,
    }),
  ),
  {
    ...{ question: 'one-message-a-request', condition: 'hot', rate: messages(3) },
    ...{ cost: cpu(0.25), title: 'one message a request' },
  },
  {
    ...{ question: 'one-message-a-request-frames', condition: 'hot', rate: messages(3) },
    ...{ cost: cpu(0.25), title: 'the same by frames, 10 connections' },
  },
  ...(['hot', 'flushed'] as const).flatMap((condition): Row[] => [
    {
      ...{ question: 'latency-20k', condition, title: '20 k msg/s of 1 KB: acknowledged, p99' },
      rate: atMost('ackP99Ms', condition === 'hot' ? 1 : 0.05),
      cost: atMost('brokerCpuMicrosPerMessage', 1),
    },
    {
      ...{ question: 'latency-20k', condition, title: '20 k msg/s of 1 KB: end to end, p99' },
      rate: atMost('endToEndP99Ms', condition === 'hot' ? 1.2 : 0.06),
    },
    {
      ...{ question: 'latency-2k', condition, title: '2 k msg/s, no linger: acknowledged, p50' },
      rate: atMost('ackP50Ms', condition === 'hot' ? 1.6 : 0.03),
      cost: atMost('brokerCpuMicrosPerMessage', 1),
    },
    {
      ...{ question: 'latency-2k', condition, title: '2 k msg/s, no linger: acknowledged, p99' },
      rate: atMost('ackP99Ms', condition === 'hot' ? 2 : 0.03),
    },
  ]),
  {
    ...{ question: 'start', condition: 'fresh', rate: atMost('startMs', 0.13) },
    ...{ cost: memory(0.25), title: 'start to the first answer; idle memory' },
  },
  {
    ...{ question: 'restart-10000-partitions', condition: 'fresh', rate: atMost('writeMs', 0.15) },
    ...{ cost: memory(0.3), title: '10,000 partitions: a message to each; memory' },
  },
  {
    ...{ question: 'restart-10000-partitions', condition: 'fresh' },
    ...{ rate: atMost('cleanRestartMs', 0.15), title: '10,000 partitions: restart' },
  },
  {
    ...{ question: 'idle-connections', condition: 'hot', rate: atMost('brokerCpuPercent', 0.5) },
    ...{ cost: memory(0.4), title: '5,000 waiting connections: CPU; memory' },
  },
]
