import { FindCoordinator, InitProducerId } from '#protocol'
import { WireClient } from '#testing'
import { type Measure, onFreshBroker } from './fresh-broker.ts'
import { untilGroupsAreServed } from './group-broker.ts'
import type { Figure } from './question.ts'

/** Measures a fresh broker once it looks after transactions and groups, which takes Kafka a while. */
export const onTransactionBroker = (name: 'odradek' | 'kafka', measure: Measure): Promise<Figure> =>
  onFreshBroker(name, [], async (broker, restart) => {
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
