// Folders of partitions that pass between Kafka and us: what one wrote the other serves, record by record.
import { deepEqual, equal, match } from 'node:assert/strict'
import { join } from 'node:path'
import { runBroker, spawnBroker, temporaryFolder, until, WireClient } from '#testing'
import { kafkaMissing, startKafka } from '../../bench/control/kafka.ts'
import { freePort } from '../../bench/questions/free-port.ts'
import { attempt, skip } from './attempts.ts'
import { committedOffsets, describe, fill, leaveOpen, makeTopics } from './file-load.ts'

const importWhat = 'a folder that Kafka wrote is served by us after an import, record by record'
const settings = ['log.cleaner.backoff.ms=200', 'auto.create.topics.enable=false']

/** Imports what a real Kafka wrote, and exports to one, where Java is. */
export const compareFiles = async (): Promise<void> => {
  const missing = kafkaMissing()
  if (missing !== undefined) {
    skip(importWhat, missing)
    return
  }
  await attempt(importWhat, importFromKafka)
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
