import { attempt, skip } from './attempts.ts'
import { confluentCopier, copyThroughKills, kafkajsCopier } from './copying.ts'
import { javaMissing, javaProgram } from './java-programs.ts'
import { works } from './programs.ts'

/** Copies in transactions by every client that has them, while copiers and broker are killed. */
export const compareTransactions = async (): Promise<void> => {
  const what = (name: string) => `copiers of ${name} copy each record once, though all are killed`
  await attempt(what('kafkajs'), () => copyThroughKills(kafkajsCopier))
  if (works('python3', '-c', 'import confluent_kafka'))
    await attempt(what('confluent-kafka'), () => copyThroughKills(confluentCopier))
  else skip(what('confluent-kafka'), 'its Python package is not installed')
  if (javaMissing) skip(what("Kafka's producer"), javaMissing)
  else await attempt(what("Kafka's producer"), () => copyThroughKills(javaProgram('JavaCopier')))
}
