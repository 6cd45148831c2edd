// `odradek export kafka` into a folder that looks like that of a stopped Kafka. Kafka's own folders, and a
// Kafka that serves them, are in `npm run compat`.
import { deepEqual, equal, match } from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, test } from 'node:test'
import { buildBatch } from '#records'
import {
  createTopic,
  metadataRecord,
  produceBatch,
  readBatches,
  runBroker,
  spawnBroker,
  type Topic,
  temporaryFolder,
} from '#testing'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})
const newFolder = (): string => {
  const folder = temporaryFolder()
  cleanups.push(() => folder.remove())
  return folder.path
}
const segment = `${'0'.repeat(20)}.log`
const kafkaId = 'MkU3OEVBNTcwNTJENDM2Qg'

/** A stopped broker of ours with two partitions, the second of which holds a record of each of three starts. */
const ourFolder = async (isOpen = false): Promise<string> => {
  const folder = newFolder()
  let topic: Topic | undefined
  for (let start = 0; start < 3; start += 1) {
    const broker = await spawnBroker({ folder })
    cleanups.push(() => broker.remove())
    const client = await broker.connect()
    topic ??= await createTopic(client, 't', { partitions: 2 })
    const value = Buffer.from(`start ${start}`)
    const batch = buildBatch([{ timestampMs: 1, key: null, value }])
    await produceBatch(client, topic, batch, { partition: 1 })
    client.close()
    await broker.stop()
  }
  // A producer whose transaction began at offset 0.
  if (isOpen)
    writeFileSync(join(folder, 't-1', `${'3'.padStart(20, '0')}.snapshot`), Buffer.alloc(56))
  return folder
}

/** A stopped Kafka that has the topic, with so many partitions and nothing in them. */
const kafkaFolder = (partitions: number, leaderEpoch = 1): string => {
  const path = newFolder()
  writeFileSync(join(path, 'meta.properties'), 'version=1\nnode.id=1\n')
  writeFileSync(join(path, '.kafka_cleanshutdown'), '{"version":0,"brokerEpoch":1}')
  mkdirSync(join(path, '__cluster_metadata-0'))
  const values = [
    metadataRecord.topic('t', kafkaId),
    ...Array.from({ length: partitions }, (_, partition) =>
      metadataRecord.partition(kafkaId, partition, leaderEpoch),
    ),
  ]
  const batch = buildBatch(values.map((value) => ({ timestampMs: 1, key: null, value })))
  writeFileSync(join(path, '__cluster_metadata-0', segment), batch)
  for (let partition = 0; partition < partitions; partition += 1) {
    mkdirSync(join(path, `t-${partition}`))
    writeFileSync(join(path, `t-${partition}`, segment), '')
  }
  return path
}
const exporting = (to: string, data: string) =>
  runBroker(['export', 'kafka', '--to', to, '--data', data])

test('records take the place of nothing, with the topic id and the leader epochs of Kafka', async () => {
  const data = await ourFolder()
  const to = kafkaFolder(2)
  const exported = await exporting(to, data)
  equal(exported.code, 0, exported.stderr)
  match(exported.stdout, /1 topics, 2 partitions/)
  const batches = readBatches(readFileSync(join(to, 't-1', segment)))
  deepEqual(
    batches.map(({ leaderEpoch, records }) => [leaderEpoch, String(records[0]!.value)]),
    [
      [0, 'start 0'],
      [1, 'start 1'],
      [1, 'start 2'],
    ],
  )
  match(readFileSync(join(to, 't-1', 'partition.metadata'), 'utf8'), new RegExp(kafkaId))
  equal(readFileSync(join(to, 't-1', 'leader-epoch-checkpoint'), 'utf8'), '0\n2\n0 0\n1 1\n')
  for (const name of ['recovery-point', 'replication'])
    match(readFileSync(join(to, `${name}-offset-checkpoint`), 'utf8'), /^t 1 3$/m)
  deepEqual(
    readdirSync(to).filter((name) => name.startsWith('odradek')),
    [],
  )
  match((await exporting(to, data)).stderr, /t-1 has had records in Kafka/)
  match((await runBroker(['log', 'verify', '--data', data])).stdout, /0 damaged/)
})

test('what Kafka would not take, or nobody would end, is refused and leaves nothing behind', async () => {
  const data = await ourFolder()
  match((await exporting(kafkaFolder(3), data)).stderr, /Kafka has no topic 't' of 2 partitions/)
  match((await exporting(newFolder(), data)).stderr, /has no meta\.properties/)
  match((await exporting(kafkaFolder(2), newFolder())).stderr, /is no data folder of a broker/)
  match((await runBroker(['export', 'kafka', '--data', data])).stderr, /The options are --to/)
  const unclean = kafkaFolder(2)
  rmSync(join(unclean, '.kafka_cleanshutdown'))
  match((await exporting(unclean, data)).stderr, /did not stop in order/)
  const to = kafkaFolder(2)
  const before = readdirSync(to)
  const open = await exporting(to, await ourFolder(true))
  match(open.stderr, /Producer 0 has an open transaction/)
  deepEqual(
    readdirSync(to).filter((name) => name !== '.lock'),
    before,
  )
  rmSync(join(data, '.kafka_cleanshutdown'))
  match((await exporting(kafkaFolder(2), data)).stderr, /The broker did not stop in order/)
})
