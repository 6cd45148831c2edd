import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CreateTopics, ListOffsets } from '#protocol'
import { WireClient } from '#testing'
import { type RunningBroker, startKafka } from '../control/kafka.ts'
import { buildLoad, runLoad } from '../control/load.ts'
import { startOdradek } from '../control/odradek.ts'
import { freePort } from './free-port.ts'
import type { Figure, Question } from './question.ts'

const partitionCount = 4
const messageSize = 100
const topic = 'load'

/** Producing small messages through librdkafka, which batches them: the rate and what it costs. */
export const produceQuestions = (messageCount: number): Question[] => {
  const question = (acks: '1' | 'all', kafkaSettings: string[], title: string): Question => ({
    name: `produce-acks-${acks}`,
    title: `${messageCount} messages of 100 B over 4 partitions by librdkafka, ${title}`,
    ask: (name) => measure(name, acks, messageCount, name === 'kafka' ? kafkaSettings : []),
  })
  return [
    question('1', [], 'acks=1'),
    question('all', ['log.flush.interval.messages=1'], 'acks=all synced (Kafka: flush.messages=1)'),
  ]
}

const measure = async (
  name: 'odradek' | 'kafka',
  acks: string,
  messageCount: number,
  settings: readonly string[],
): Promise<Figure> => {
  const load = buildLoad()
  const folder = mkdtempSync(join(tmpdir(), 'odradek-bench-'))
  const start = name === 'kafka' ? startKafka : startOdradek
  const broker = await start(folder, await freePort(), settings)
  try {
    await createTopic(broker)
    const result = await runLoad(load, [
      'produce',
      ...['-b', `127.0.0.1:${broker.port}`, '-t', topic, '-n', String(messageCount)],
      ...['-s', String(messageSize), '-a', acks, '--pid', String(broker.pid)],
    ])
    const stored = await countStored(broker)
    if (stored !== messageCount)
      throw new Error(`${name} stored ${stored} of ${messageCount} messages`)
    const { messagesPerSecond, brokerCpuSecondsPerGb, brokerRssMb } = result
    if (brokerCpuSecondsPerGb === undefined || brokerRssMb === undefined)
      throw new Error('load gave no figures of the broker')
    return { messagesPerSecond, brokerCpuSecondsPerGb, brokerRssMb }
  } finally {
    await broker.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

const createTopic = async (broker: RunningBroker): Promise<void> => {
  const client = await WireClient.connect(broker.port)
  const spec = { name: topic, numPartitions: partitionCount, replicationFactor: 1 }
  const { topics } = await client.request(CreateTopics, 7, {
    topics: [{ ...spec, assignments: [], configs: [] }],
    timeoutMs: 30_000,
  })
  client.close()
  if (topics[0]?.errorCode !== 0)
    throw new Error(`the topic was not made: ${topics[0]?.errorMessage}`)
}

/** The sum of the partitions' ends: what the broker says it holds. */
const countStored = async (broker: RunningBroker): Promise<number> => {
  const client = await WireClient.connect(broker.port)
  const indexes = Array.from({ length: partitionCount }, (_, index) => index)
  const partitions = indexes.map((partitionIndex) => ({ partitionIndex, timestamp: -1 }))
  const { topics } = await client.request(ListOffsets, 7, {
    replicaId: -1,
    isolationLevel: 0,
    topics: [{ name: topic, partitions }],
  })
  client.close()
  return topics[0]!.partitions.reduce((sum, { offset }) => sum + offset, 0)
}
