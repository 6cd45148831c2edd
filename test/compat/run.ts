// `npm run compat [-- --megabytes N] [--only records|groups|transactions|files]`: every client that can be had here writes
// real text with every codec, and every reader reads what every writer wrote, byte for byte; and every
// client's groups hold together, and its transactions; Kafka reads our files, and we read Kafka's. Says what it
// skipped.
import { parseArgs } from 'node:util'
import { type BoxedBroker, boxBroker } from '#testing'
import { attempt, skip, summary } from './attempts.ts'
import { compareDumps } from './dump-compat.ts'
import { compareFiles } from './file-compat.ts'
import { compareGroups } from './group-compat.ts'
import { codecs, kafkajsWriter, platformaticWriter } from './npm-writers.ts'
import { makeTopic, readText } from './own-reader.ts'
import { cleanUp } from './programs.ts'
import { fingerprint, realLines } from './text.ts'
import { kafkaTopics, toolClients } from './tool-clients.ts'
import { compareTransactions } from './transaction-compat.ts'

const { values } = parseArgs({
  options: { megabytes: { type: 'string', default: '20' }, only: { type: 'string' } },
})
const lines = realLines(Number(values.megabytes) * 1_000_000)
const text = Buffer.from(`${lines.join('\n')}\n`)
const expected = fingerprint(text)
const available = toolClients.filter(({ name, missing }) => {
  if (missing === undefined) return true
  skip(name, missing)
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
    write: (port: number, topic: string, written: Buffer, codec: (typeof codecs)[number]) =>
      write(port, topic, written.toString().slice(0, -1).split('\n'), codec),
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

const compareRecords = async (): Promise<void> => {
  const box = await boxBroker()
  console.log(`${lines.length} lines, ${expected}`)
  try {
    await matrix(box)
    if (available.some(({ name }) => name === 'Kafka console')) await topicTool(box.port)
  } finally {
    await box.remove()
  }
}

try {
  const { only } = values
  if (!only || only === 'records') await compareRecords()
  if (!only || only === 'groups') await compareGroups(writers)
  if (!only || only === 'transactions') await compareTransactions()
  if (!only || only === 'files') {
    await compareDumps()
    await compareFiles()
  }
} finally {
  cleanUp()
}
process.exitCode = summary() ? 0 : 1
