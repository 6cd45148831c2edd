// Clients that are programs of their own: kcat, confluent-kafka in Python, Kafka's console tools.
import { join } from 'node:path'
import { kafkaMissing } from '../../bench/control/kafka.ts'
import type { CodecName } from './npm-writers.ts'
import { java, run, scratch, works } from './programs.ts'

/** A client as a program; `missing` says why it cannot be had here, if so. */
export interface ToolClient {
  name: string
  missing: string | undefined
  write(port: number, topic: string, text: Buffer, codec: CodecName): Promise<void>
  read(port: number, topic: string, count: number): Promise<Buffer>
}

const kcat: ToolClient = {
  name: 'kcat',
  missing: works('kcat', '-V') ? undefined : 'kcat is not installed',
  write: async (port, topic, text, codec) => {
    const file = join(scratch.path, `${topic}.txt`)
    const { writeFileSync } = await import('node:fs')
    writeFileSync(file, text)
    const address = ['-b', `127.0.0.1:${port}`, '-t', topic, '-p', '0']
    await run('kcat', ['-P', ...address, '-z', codec, '-X', 'linger.ms=5', '-l', file])
  },
  read: (port, topic) =>
    run('kcat', [
      ...['-C', '-q', '-e', '-b', `127.0.0.1:${port}`, '-t', topic],
      ...['-p', '0', '-o', 'beginning'],
    ]),
}

const script = new URL('./clients/confluent.py', import.meta.url).pathname

const confluent: ToolClient = {
  name: 'confluent-kafka',
  missing: works('python3', '-c', 'import confluent_kafka')
    ? undefined
    : 'the Python package confluent-kafka is not installed',
  write: async (port, topic, text, codec) => {
    await run('python3', [script, 'write', String(port), topic, codec], text)
  },
  read: (port, topic) => run('python3', [script, 'read', String(port), topic]),
}

const consoleTools: ToolClient = {
  name: 'Kafka console',
  missing: kafkaMissing(),
  write: async (port, topic, text, codec) => {
    const tool = 'org.apache.kafka.tools.ConsoleProducer'
    const address = ['--bootstrap-server', `127.0.0.1:${port}`, '--topic', topic]
    await run('java', java(tool, ...address, `--compression-codec=${codec}`), text)
  },
  read: (port, topic, count) => {
    const tool = 'org.apache.kafka.tools.consumer.ConsoleConsumer'
    const address = ['--bootstrap-server', `127.0.0.1:${port}`, '--topic', topic]
    const from = ['--partition', '0', '--offset', 'earliest', '--max-messages', String(count)]
    return run('java', java(tool, ...address, ...from))
  },
}

export const toolClients: readonly ToolClient[] = [kcat, confluent, consoleTools]

/** What `kafka-topics.sh` prints for these arguments. */
export const kafkaTopics = async (port: number, ...args: string[]): Promise<string> => {
  const tool = 'org.apache.kafka.tools.TopicCommand'
  const output = await run('java', java(tool, '--bootstrap-server', `127.0.0.1:${port}`, ...args))
  return output.toString()
}
