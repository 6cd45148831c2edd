// How long a broker with many partitions takes to be back.
import { Produce } from '#protocol'
import { buildBatch } from '#records'
import { WireClient } from '#testing'
import { rssMbOf } from '../control/broker-cost.ts'
import { type Measure, makeTopic, onFreshBroker, untilServed } from './fresh-broker.ts'
import type { Question } from './question.ts'

const topic = 'many'
/** Partitions that a request writes to. */
const partitionsPerRequest = 500

/** One question for each number of partitions. */
export const restartQuestions = (): Question[] =>
  [10, 1000, 10_000].map((partitionCount) => ({
    name: `restart-${partitionCount}-partitions`,
    title: `${partitionCount} partitions with a message each: making them, writing, and a start after a clean stop and after kill -9 until all are served`,
    ask: (name) => onFreshBroker(name, [], measure(partitionCount)),
  }))

const measure =
  (partitionCount: number): Measure =>
  async (broker, restart) => {
    const since = (startedMs: number): number => performance.now() - startedMs
    let startedMs = performance.now()
    const topicId = await makeTopic(broker.port, topic, partitionCount)
    await untilServed(broker.port, topic, partitionCount)
    const createMs = since(startedMs)
    startedMs = performance.now()
    await writeToAll(broker.port, topicId, partitionCount)
    const writeMs = since(startedMs)
    const { port, pid } = broker
    const brokerRssMb = rssMbOf(pid)
    const back = async (how: 'stop' | 'kill'): Promise<number> => {
      const endedMs = performance.now()
      await restart(how)
      if ((await untilServed(port, topic, partitionCount)) !== partitionCount)
        throw new Error('messages are missing')
      return since(endedMs)
    }
    return {
      createMs,
      writeMs,
      cleanRestartMs: await back('stop'),
      killedRestartMs: await back('kill'),
      brokerRssMb,
    }
  }

/** One message to each partition, durable. */
const writeToAll = async (port: number, topicId: string, partitionCount: number): Promise<void> => {
  const client = await WireClient.connect(port)
  const records = buildBatch([
    { timestampMs: Date.now(), key: null, value: Buffer.from('a message') },
  ])
  for (let first = 0; first < partitionCount; first += partitionsPerRequest) {
    const count = Math.min(partitionsPerRequest, partitionCount - first)
    const { responses } = await client.request(Produce, 13, {
      transactionalId: null,
      acks: -1,
      timeoutMs: 60_000,
      topicData: [
        {
          topicId,
          partitionData: Array.from({ length: count }, (_, place) => ({
            index: first + place,
            records,
          })),
        },
      ],
    })
    const failed = responses[0]!.partitionResponses.find(({ errorCode }) => errorCode !== 0)
    if (failed) throw new Error(`a message was refused with ${failed.errorCode}`)
  }
  client.close()
}
