import { attempt, skip } from './attempts.ts'
import { confluentCopier, copyThroughKills, kafkajsCopier } from './copying.ts'
import { javaMissing, javaProgram, olderJavaProgram } from './java-programs.ts'
import { works } from './programs.ts'
import { transactionTool } from './transaction-tool.ts'

/**
 * Copies in transactions by every client that has them, while copiers and broker are killed; and tries the tool
 * with which Kafka's administrators look at transactions and end them.
 */
export const compareTransactions = async (): Promise<void> => {
  const what = (name: string) => `copiers of ${name} copy each record once, though all are killed`
  await attempt(what('kafkajs'), () => copyThroughKills(kafkajsCopier))
  if (works('python3', '-c', 'import confluent_kafka'))
    await attempt(what('confluent-kafka'), () => copyThroughKills(confluentCopier))
  else skip(what('confluent-kafka'), 'its Python package is not installed')
  if (javaMissing) skip(what("Kafka's producer"), javaMissing)
  else {
    await attempt(what("Kafka's producer"), () => copyThroughKills(javaProgram('JavaCopier')))
    await attempt(what("Kafka's producer of 3.9, in transactions of version 1,"), () =>
      copyThroughKills(olderJavaProgram('3.9.1', 'JavaCopier')),
    )
  }
  if (javaMissing) skip('kafka-transactions', javaMissing)
  else await transactionTool()
}
