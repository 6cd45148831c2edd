import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CreateTopics, ListOffsets } from '#protocol'
import { WireClient } from '#testing'
import { type RunningBroker, startKafka } from '../control/kafka.ts'
import { startOdradek } from '../control/odradek.ts'
import { warmUp } from '../control/warm-up.ts'
import { freePort } from './free-port.ts'
import type { BrokerName, Condition, Figure } from './question.ts'

/** What is measured on a broker; `restart` ends it, one way or the other, and starts it with the same data. */
export type Measure = (
  broker: RunningBroker,
  restart: (how: 'stop' | 'kill') => Promise<RunningBroker>,
) => Promise<Figure>

/** Measures a broker with a fresh folder, which is removed afterwards; `settings` are `key=value`. */
export const onFreshBroker = async (
  name: BrokerName,
  settings: readonly string[],
  measure: Measure,
): Promise<Figure> => {
  const folder = mkdtempSync(join(tmpdir(), 'odradek-bench-'))
  const start = name === 'kafka' ? startKafka : startOdradek
  const port = await freePort()
  let broker = await start(folder, port, settings)
  const restart = async (how: 'stop' | 'kill'): Promise<RunningBroker> => {
    await broker[how]()
    broker = await start(folder, port, settings)
    return broker
  }
  try {
    return await measure(broker, restart)
  } finally {
    await broker.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** As `onFreshBroker`, in one of the states that a broker is measured in. */
export const onBroker = (
  name: BrokerName,
  condition: Condition,
  measure: Measure,
): Promise<Figure> => {
  const flushes = name === 'kafka' && condition === 'flushed'
  const settings = flushes ? ['log.flush.interval.messages=1'] : []
  return onFreshBroker(name, settings, async (broker, restart) => {
    if (condition !== 'fresh') {
      // It is warm sooner without syncs, and no warmer with them.
      const topicId = await makeTopic(broker.port, 'warm', 1, { 'flush.messages': neverFlushed })
      await untilServed(broker.port, 'warm', 1)
      await warmUp(broker.port, topicId)
    }
    return measure(broker, restart)
  })
}

const neverFlushed = String(2n ** 63n - 1n)

/** Makes a topic; returns its id. Kafka calls it made before it takes records: see `untilServed`. */
export const makeTopic = async (
  port: number,
  name: string,
  partitionCount: number,
  configs: Readonly<Record<string, string>> = {},
): Promise<string> => {
  const client = await WireClient.connect(port)
  const spec = { name, numPartitions: partitionCount, replicationFactor: 1 }
  const given = Object.entries(configs).map(([key, value]) => ({ name: key, value }))
  const { topics } = await client.request(CreateTopics, 7, {
    topics: [{ ...spec, assignments: [], configs: given }],
    timeoutMs: 60_000,
  })
  client.close()
  if (topics[0]?.errorCode !== 0)
    throw new Error(`the topic was not made: ${topics[0]?.errorMessage}`)
  return topics[0].topicId
}

/**
 * Resolves, once every partition answers, to the sum of their ends: what the broker says it holds. With
 * isolation level 1 these are the last stable offsets.
 */
export const untilServed = async (
  port: number,
  name: string,
  partitionCount: number,
  isolationLevel: 0 | 1 = 0,
): Promise<number> => {
  const ends = await endsOf(port, name, partitionCount, isolationLevel)
  return ends.reduce((sum, end) => sum + end, 0)
}

/**
 * Resolves when a topic holds so many records, which with `acks=1` may be seen a little later; rejects when there
 * are others.
 */
export const untilStored = async (
  port: number,
  name: string,
  partitionCount: number,
  count: number,
): Promise<void> => {
  for (let look = 0; ; look += 1) {
    const stored = await untilServed(port, name, partitionCount)
    if (stored === count) return
    if (stored > count || look === looksMax)
      throw new Error(`${stored} and not ${count} messages are stored`)
    await new Promise((resolve) => setTimeout(resolve, lookMs))
  }
}

const lookMs = 20
const looksMax = 500

/** As `untilServed`, of each partition. */
export const endsOf = async (
  port: number,
  name: string,
  partitionCount: number,
  isolationLevel: 0 | 1 = 0,
): Promise<number[]> => {
  const client = await WireClient.connect(port)
  const indexes = Array.from({ length: partitionCount }, (_, index) => index)
  const partitions = indexes.map((partitionIndex) => ({ partitionIndex, timestamp: -1 }))
  for (;;) {
    const { topics } = await client.request(ListOffsets, 7, {
      replicaId: -1,
      isolationLevel,
      topics: [{ name, partitions }],
    })
    const answers = topics[0]!.partitions
    if (answers.every(({ errorCode }) => errorCode === 0)) {
      client.close()
      return answers
        .toSorted((one, other) => one.partitionIndex - other.partitionIndex)
        .map(({ offset }) => offset)
    }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
