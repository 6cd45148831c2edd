import { runLoad } from '../control/load.ts'
import { makeTopic, onFreshBroker, untilServed } from './fresh-broker.ts'
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

const measure = (
  name: 'odradek' | 'kafka',
  acks: string,
  messageCount: number,
  settings: readonly string[],
): Promise<Figure> =>
  onFreshBroker(name, settings, async (broker) => {
    await makeTopic(broker.port, topic, partitionCount)
    const result = await runLoad([
      'produce',
      ...['-b', `127.0.0.1:${broker.port}`, '-t', topic, '-n', String(messageCount)],
      ...['-s', String(messageSize), '-a', acks, '--pid', String(broker.pid)],
    ])
    const stored = await untilServed(broker.port, topic, partitionCount)
    if (stored !== messageCount)
      throw new Error(`${name} stored ${stored} of ${messageCount} messages`)
    const { messagesPerSecond, brokerCpuSecondsPerGb, brokerRssMb } = result
    if (brokerCpuSecondsPerGb === undefined || brokerRssMb === undefined)
      throw new Error('load gave no figures of the broker')
    return { messagesPerSecond, brokerCpuSecondsPerGb, brokerRssMb }
  })
