// `npm run compat [-- --megabytes N]`: every client that can be had here writes real text with every
// codec, and every reader reads what every writer wrote, byte for byte. Says what it skipped.
import { parseArgs } from 'node:util'
import { type BoxedBroker, boxBroker } from '#testing'
import { codecs, kafkajsWriter, platformaticWriter } from './npm-writers.ts'
import { makeTopic, readText } from './own-reader.ts'
import { fingerprint, realLines } from './text.ts'
import { cleanUp, kafkaTopics, toolClients } from './tool-clients.ts'

const { values } = parseArgs({ options: { megabytes: { type: 'string', default: '20' } } })
const lines = realLines(Number(values.megabytes) * 1_000_000)
const text = Buffer.from(`${lines.join('\n')}\n`)
const expected = fingerprint(text)
let passed = 0
let failed = 0
let skipped = 0

const report = (what: string, fault: string | undefined): void => {
  if (fault === undefined) passed += 1
  else failed += 1
  console.log(`${fault === undefined ? 'ok' : 'FAILED'}: ${what}${fault ? `: ${fault}` : ''}`)
}

const attempt = async (what: string, step: () => Promise<string | undefined>): Promise<boolean> => {
  const fault = await step().catch((error: unknown) => String(error))
  report(what, fault)
  return fault === undefined
}

const available = toolClients.filter(({ name, missing }) => {
  if (missing === undefined) return true
  skipped += 1
  console.log(`skipped: ${name}, because ${missing}`)
  return false
})

const writers = [
  ...available.map(({ name, write }) => ({ name, write })),
  ...(
    [
      ['@platformatic/kafka', platformaticWriter],
      ['kafkajs', kafkajsWriter],
    ] as const
  ).map(([name, write]) => ({
    name,
    write: (port: number, topic: string, _text: Buffer, codec: (typeof codecs)[number]) =>
      write(port, topic, lines, codec),
  })),
]

const readers = (box: BoxedBroker) => [
  ...available.map(({ name, read }) => ({
    name,
    read: (topic: string) => read(box.port, topic, lines.length),
  })),
  {
    name: 'our own codec',
    read: async (topic: string) => {
      const client = await box.connect()
      return readText(client, topic).finally(() => client.close())
    },
  },
]

const matrix = async (box: BoxedBroker): Promise<void> => {
  const client = await box.connect()
  for (const { name, write } of writers)
    for (const codec of codecs) {
      const topic = `${name.replace(/\W/g, '-')}-${codec}`
      await makeTopic(client, topic)
      const wrote = await attempt(`${name} writes with ${codec}`, async () => {
        await write(box.port, topic, text, codec)
        return undefined
      })
      if (!wrote) continue
      for (const reader of readers(box))
        await attempt(`${reader.name} reads what ${name} wrote with ${codec}`, async () => {
          const found = fingerprint(await reader.read(topic))
          return found === expected ? undefined : `${found} instead of ${expected}`
        })
    }
  client.close()
}

const topicTool = async (port: number): Promise<void> => {
  const has = (output: string, pattern: RegExp) =>
    pattern.test(output) ? undefined : `printed ${JSON.stringify(output)}`
  await attempt('kafka-topics creates', async () =>
    has(await kafkaTopics(port, '--create', '--topic', 'by-tool', '--partitions', '3'), /Created/),
  )
  await attempt('kafka-topics lists', async () => has(await kafkaTopics(port, '--list'), /by-tool/))
  await attempt('kafka-topics deletes', async () => {
    await kafkaTopics(port, '--delete', '--topic', 'by-tool')
    return /by-tool/.test(await kafkaTopics(port, '--list')) ? 'it is still listed' : undefined
  })
}

const box = await boxBroker()
console.log(`${lines.length} lines, ${expected}`)
try {
  await matrix(box)
  if (available.some(({ name }) => name === 'Kafka console')) await topicTool(box.port)
} finally {
  await box.remove()
  cleanUp()
}
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`)
process.exitCode = failed > 0 ? 1 : 0
