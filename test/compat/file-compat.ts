// Folders of partitions that pass between Kafka and us: what one wrote the other serves, record by record.
import { deepEqual, equal, match } from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { buildBatch } from '#records'
import {
  listTopics,
  produceBatch,
  runBroker,
  spawnBroker,
  temporaryFolder,
  until,
  WireClient,
} from '#testing'
import { kafkaMissing, startKafka } from '../../bench/control/kafka.ts'
import { freePort } from '../../bench/questions/free-port.ts'
import { attempt, skip } from './attempts.ts'
import { committedOffsets, describe, fill, leaveOpen, makeTopics } from './file-load.ts'

const importWhat = 'a folder that Kafka wrote is served by us after an import, record by record'
const exportWhat = 'a folder that we wrote is served by Kafka after an export, record by record'
const settings = ['log.cleaner.backoff.ms=200', 'auto.create.topics.enable=false']

/** Imports what a real Kafka wrote, and exports to one, where Java is. */
export const compareFiles = async (): Promise<void> => {
  const missing = kafkaMissing()
  if (missing !== undefined) {
    skip(importWhat, missing)
    skip(exportWhat, missing)
    return
  }
  await attempt(importWhat, importFromKafka)
  await attempt(exportWhat, exportToKafka)
}

const importFromKafka = async (): Promise<void> => {
  const folder = temporaryFolder()
  try {
    const kafkaFolder = join(folder.path, 'kafka')
    const data = join(kafkaFolder, 'data')
    const ours = join(folder.path, 'ours')
    const command = ['import', 'kafka', '--from', data, '--data', ours]
    const kafka = await startKafka(kafkaFolder, await freePort(), settings)
    let there: Map<string, string[]>
    let offsets: string[]
    try {
      const client = await WireClient.connect(kafka.port)
      const topics = await makeTopics(client)
      await fill(client, topics)
      await leaveOpen(client, topics.get('transactional')!)
      await until(
        'the compacted topic is cleaned',
        async () => {
          const lines = (await describe(client)).get('compacted-0')!
          return lines.filter((line) => line.startsWith('{')).length < 800
        },
        30_000,
      ).catch(() => console.log('note: Kafka cleaned nothing within 30 s'))
      there = await describe(client)
      offsets = await committedOffsets(client)
      client.close()
      const running = await runBroker(command)
      match(running.stderr, /A Kafka uses the folder/)
      equal(running.code, 1)
    } finally {
      await kafka.stop()
    }
    const open = await runBroker(command)
    match(open.stderr, /open transaction in transactional-0/)
    equal(open.code, 1)
    const imported = await runBroker([...command, '--abort-open'], 60_000)
    equal(imported.code, 0, imported.stderr)
    const again = await runBroker(command)
    match(again.stderr, /has a topic/)
    const broker = await spawnBroker({ folder: ours })
    try {
      const client = await broker.connect()
      const here = await describe(client)
      deepEqual([...here.keys()], [...there.keys()])
      for (const [name, lines] of there)
        if (name !== 'transactional-0') deepEqual(here.get(name), lines, name)
      // The marker that ended the transaction is one more batch, and one more offset.
      const ended = here.get('transactional-0')!
      const before = there.get('transactional-0')!
      deepEqual(
        ended.filter((line) => before.includes(line)),
        before.filter((line) => !line.startsWith('from')),
      )
      equal(ended.length, before.length + 2)
      deepEqual(await committedOffsets(client), offsets)
      equal(offsets.length, 3)
      client.close()
    } finally {
      await broker.stop()
    }
    match((await runBroker(['log', 'verify', '--data', ours])).stdout, /: 0 damaged/)
  } finally {
    folder.remove()
  }
}

const withoutId = (found: ReadonlyMap<string, readonly string[]>) =>
  [...found].map(([name, lines]) => [name, lines.slice(1)] as const)

const exportToKafka = async (): Promise<void> => {
  const folder = temporaryFolder()
  try {
    const kafkaFolder = join(folder.path, 'kafka')
    const data = join(kafkaFolder, 'data')
    const ours = join(folder.path, 'ours')
    const command = ['export', 'kafka', '--to', data, '--data', ours]
    const there = await fillOurs(ours)
    const port = await freePort()
    const beforeTopics = await startKafka(kafkaFolder, port, settings)
    await beforeTopics.stop()
    match((await runBroker(command)).stderr, /Kafka has no topic/)
    const empty = await startKafka(kafkaFolder, port, settings)
    const maker = await WireClient.connect(port)
    await makeTopics(maker)
    maker.close()
    match((await runBroker(command)).stderr, /A Kafka uses the folder/)
    await empty.stop()
    const exported = await runBroker(command, 60_000)
    equal(exported.code, 0, exported.stderr)
    match((await runBroker(command)).stderr, /has had records in Kafka/)
    // Its cleaner would go on with the compacted topic where ours left off.
    const still = [...settings, 'log.cleaner.enable=false']
    const kafka = await startKafka(kafkaFolder, port, still)
    try {
      const client = await WireClient.connect(port)
      await until('Kafka leads all partitions', () =>
        describe(client).then(
          () => true,
          () => false,
        ),
      )
      deepEqual(withoutId(await describe(client)), withoutId(there))
      const plain = (await listTopics(client)).find(({ name }) => name === 'plain')!
      const next = await produceBatch(
        client,
        plain,
        buildBatch([{ timestampMs: 1.7e12, key: null, value: Buffer.from('next') }]),
      )
      match(there.get('plain-0')![1]!, new RegExp(`to ${next}$`))
      client.close()
    } finally {
      await kafka.stop()
    }
    const strange = readdirSync(data).filter((name) => /-stray|-delete|export/.test(name))
    deepEqual(strange, [])
    equal((await startAndDescribe(kafkaFolder, port)).size, there.size)
  } finally {
    folder.remove()
  }
}

/** Fills a broker of ours, which is then started so often that its leader epochs are above Kafka's. */
const fillOurs = async (folder: string): Promise<Map<string, string[]>> => {
  const sets = settings.slice(0, 1)
  const filled = await spawnBroker({ folder, sets })
  const writer = await filled.connect()
  await fill(writer, await makeTopics(writer))
  writer.close()
  await filled.stop()
  for (let start = 0; start < 4; start += 1) {
    const broker = await spawnBroker({ folder, sets })
    const client = await broker.connect()
    for (const topic of await listTopics(client))
      if (topic.name === 'plain' || topic.name === 'codec-lz4')
        await produceBatch(
          client,
          topic,
          buildBatch([{ timestampMs: 1.7e12, key: null, value: Buffer.from(`start ${start}`) }]),
        )
    client.close()
    await broker.stop()
  }
  const broker = await spawnBroker({ folder })
  const client = await broker.connect()
  const found = await describe(client)
  client.close()
  await broker.stop()
  return found
}

const startAndDescribe = async (folder: string, port: number): Promise<Map<string, string[]>> => {
  const kafka = await startKafka(folder, port, settings)
  try {
    const client = await WireClient.connect(port)
    let found = new Map<string, string[]>()
    await until('Kafka leads all partitions', async () => {
      found = await describe(client).catch(() => found)
      return found.size > 0
    })
    client.close()
    return found
  } finally {
    await kafka.stop()
  }
}
