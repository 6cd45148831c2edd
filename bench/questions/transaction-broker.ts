import { FindCoordinator, InitProducerId } from '#protocol'
import { WireClient } from '#testing'
import { type Measure, onBroker } from './fresh-broker.ts'
import { untilGroupsAreServed } from './group-broker.ts'
import type { BrokerName, Condition, Figure } from './question.ts'

/** Measures a broker once it looks after transactions and groups, which takes Kafka a while. */
export const onTransactionBroker = (
  name: BrokerName,
  condition: Condition,
  measure: Measure,
): Promise<Figure> =>
  onBroker(name, condition, async (broker, restart) => {
    await untilTransactionsAreServed(broker.port)
    await untilGroupsAreServed(broker)
    return measure(broker, restart)
  })

const untilTransactionsAreServed = async (port: number): Promise<void> => {
  const client = await WireClient.connect(port)
  const transactionalId = 'first'
  for (;;) {
    await client.request(FindCoordinator, 4, { keyType: 1, coordinatorKeys: [transactionalId] })
    const asked = { transactionalId, transactionTimeoutMs: 10_000 }
    if ((await client.request(InitProducerId, 5, asked)).errorCode === 0) break
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  client.close()
}
