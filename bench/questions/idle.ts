// What a broker costs that nobody asks much of.
import { setTimeout as delay } from 'node:timers/promises'
import { Fetch } from '#protocol'
import { fetchRequest, WireClient } from '#testing'
import { cpuSecondsOf, rssMbOf } from '../control/broker-cost.ts'
import type { RunningBroker } from '../control/kafka.ts'
import { connectedTogether } from '../control/pipeline.ts'
import { makeTopic, onBroker, untilServed } from './fresh-broker.ts'
import type { Figure, Question } from './question.ts'

const connectionCount = 5000
const measuredSeconds = 10

export const idleQuestions = (): Question[] => [
  {
    name: 'start',
    title:
      'from the start of the process on an empty folder to its first answer, and what it holds then',
    ask: (broker, condition) => onBroker(broker, condition, started),
  },
  {
    name: 'idle-connections',
    title: `${connectionCount} connections, each with a fetch that waits 500 ms at a time for a topic nobody writes to`,
    conditions: ['hot'],
    ask: (broker, condition) => onBroker(broker, condition, waiting),
  },
]

const started = async ({ pid, startMs }: RunningBroker): Promise<Figure> => {
  // What it does behind its first answer is over by then.
  await delay(3000)
  return { startMs, brokerRssMb: rssMbOf(pid) }
}

const waiting = async ({ port, pid }: RunningBroker): Promise<Figure> => {
  const topicId = await makeTopic(port, 'idle', 1)
  await untilServed(port, 'idle', 1)
  const before = rssMbOf(pid)
  const clients: WireClient[] = []
  while (clients.length < connectionCount)
    clients.push(
      ...(await Promise.all(
        Array.from({ length: connectedTogether }, () => WireClient.connect(port)),
      )),
    )
  const request = fetchRequest({ name: '', topicId }, 0, { maxWaitMs: 500 })
  let isOver = false
  let answers = 0
  const waits = clients.map(async (client) => {
    while (!isOver) {
      const { responses } = await client.request(Fetch, 17, request)
      if ((responses[0]?.partitions[0]?.errorCode ?? 0) !== 0) throw new Error('a fetch failed')
      answers += 1
    }
    client.close()
  })
  await delay(3000)
  const answersBefore = answers
  const cpuBefore = cpuSecondsOf(pid)
  await delay(measuredSeconds * 1000)
  const cpuSeconds = cpuSecondsOf(pid) - cpuBefore
  const answered = answers - answersBefore
  const rssMb = rssMbOf(pid)
  isOver = true
  await Promise.all(waits)
  return {
    answersPerSecond: answered / measuredSeconds,
    brokerCpuPercent: (cpuSeconds * 100) / measuredSeconds,
    brokerCpuMicrosEach: (cpuSeconds * 1e6) / answered,
    connectionsRssMb: rssMb - before,
    brokerRssMb: rssMb,
  }
}
