import { FindCoordinator, OffsetFetch } from '#protocol'
import { WireClient } from '#testing'
import type { RunningBroker } from '../control/kafka.ts'
import { type Measure, makeTopic, onFreshBroker } from './fresh-broker.ts'
import type { Figure } from './question.ts'

/** The topic that all groups read. */
export const readTopic = 'read'
export const readPartitions = 4

/** Measures a fresh broker that looks after groups and has the topic. */
export const onBroker = (
  name: 'odradek' | 'kafka',
  measure: Measure,
  partitionCount = readPartitions,
): Promise<Figure> =>
  onFreshBroker(name, ['group.initial.rebalance.delay.ms=0'], async (broker, restart) => {
    await makeTopic(broker.port, readTopic, partitionCount)
    await untilGroupsAreServed(broker)
    return measure(broker, restart)
  })

/** Kafka makes what it needs for groups when it is first asked. */
export const untilGroupsAreServed = async ({ port }: RunningBroker): Promise<void> => {
  const client = await WireClient.connect(port)
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
