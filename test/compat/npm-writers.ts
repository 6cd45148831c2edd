// The producers of the npm clients, each with every codec.
import { setImmediate as pause } from 'node:timers/promises'
import { Producer, stringSerializers } from '@platformatic/kafka'
import kafkajs from 'kafkajs'
import { Codec, compressAsync, decompressAsync } from '#records'
import { inGroups } from './text.ts'

export const codecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const
export type CodecName = (typeof codecs)[number]

/** Writes lines as values into a topic of one partition that exists. */
export type Writer = (
  port: number,
  topic: string,
  lines: readonly string[],
  codec: CodecName,
) => Promise<void>

export const platformaticWriter: Writer = async (port, topic, lines, codec) => {
  const producer = new Producer({
    clientId: 'compat',
    bootstrapBrokers: [`127.0.0.1:${port}`],
    serializers: stringSerializers,
    idempotent: true,
    compression: codec,
  })
  try {
    for (const group of inGroups(lines))
      await producer.send({ messages: group.map((value) => ({ topic, value })) })
  } finally {
    await producer.close()
  }
}

const unfoldedSizeMax = 64 * 1024 * 1024
const jsTypes: Readonly<Record<CodecName, number>> = {
  none: 0,
  gzip: 1,
  snappy: 2,
  lz4: 3,
  zstd: 4,
}

/** The codec packages of kafkajs do not load on Node 26: ours take their place. */
export const registerCodecs = (): void => {
  const registry = kafkajs.CompressionCodecs as Record<number, () => unknown>
  for (const name of ['snappy', 'lz4', 'zstd'] as const)
    registry[jsTypes[name]] = () => ({
      compress: ({ buffer }: { buffer: Buffer }) => compressAsync(Codec[name], buffer, pause),
      decompress: (bytes: Buffer) => decompressAsync(Codec[name], bytes, unfoldedSizeMax, pause),
    })
}

export const kafkajsWriter: Writer = async (port, topic, lines, codec) => {
  registerCodecs()
  const kafka = new kafkajs.Kafka({
    clientId: 'compat',
    brokers: [`127.0.0.1:${port}`],
    logLevel: kafkajs.logLevel.NOTHING,
  })
  const producer = kafka.producer({
    idempotent: true,
    createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
  })
  await producer.connect()
  try {
    for (const group of inGroups(lines))
      await producer.send({
        topic,
        compression: jsTypes[codec],
        messages: group.map((value) => ({ value })),
      })
  } finally {
    await producer.disconnect()
  }
}
