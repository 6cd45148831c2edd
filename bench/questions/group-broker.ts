import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CreateTopics, FindCoordinator, OffsetFetch } from '#protocol'
import { WireClient } from '#testing'
import { type RunningBroker, startKafka } from '../control/kafka.ts'
import { startOdradek } from '../control/odradek.ts'
import { freePort } from './free-port.ts'
import type { Figure } from './question.ts'

/** The topic that all groups read. */
export const readTopic = 'read'
export const readPartitions = 4

/** What is measured on a broker; `restart` ends it, and starts it again with the same data. */
type Measure = (broker: RunningBroker, restart: () => Promise<RunningBroker>) => Promise<Figure>

/** Measures a fresh broker that looks after groups and has the topic. */
export const onBroker = async (
  name: 'odradek' | 'kafka',
  measure: Measure,
  partitionCount = readPartitions,
): Promise<Figure> => {
  const folder = mkdtempSync(join(tmpdir(), 'odradek-bench-'))
  const start = name === 'kafka' ? startKafka : startOdradek
  const port = await freePort()
  const begin = () => start(folder, port, ['group.initial.rebalance.delay.ms=0'])
  let broker = await begin()
  const restart = async (): Promise<RunningBroker> => {
    await broker.stop()
    broker = await begin()
    return broker
  }
  try {
    await prepare(broker, partitionCount)
    return await measure(broker, restart)
  } finally {
    await broker.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Makes the topic, and waits until the broker looks after groups. */
const prepare = async (broker: RunningBroker, partitionCount: number): Promise<void> => {
  const client = await WireClient.connect(broker.port)
  await client.request(CreateTopics, 7, {
    topics: [
      {
        name: readTopic,
        numPartitions: partitionCount,
        replicationFactor: 1,
        assignments: [],
        configs: [],
      },
    ],
    timeoutMs: 30_000,
  })
  for (;;) {
    const found = await client.request(FindCoordinator, 4, { keyType: 0, coordinatorKeys: ['g-0'] })
    const fetched = await client.request(OffsetFetch, 7, {
      groupId: 'g-0',
      topics: [{ name: readTopic, partitionIndexes: [0] }],
      requireStable: false,
    })
    if (found.coordinators[0]!.errorCode === 0 && fetched.errorCode === 0) break
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  client.close()
}
