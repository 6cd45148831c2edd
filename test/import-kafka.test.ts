// `odradek import kafka` on a folder that looks like Kafka's: partitions of a stopped broker of ours, with a
// metadata log and committed offsets beside them. Kafka's own folders are in `npm run compat`.
import { deepEqual, equal, match } from 'node:assert/strict'
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, test } from 'node:test'
import { runCommand } from '#cli'
import { OffsetFetch } from '#protocol'
import { buildBatch } from '#records'
import {
  collectingLogger,
  createTopic,
  failingDisk,
  listTopics,
  metadataRecord,
  offsetKey,
  offsetValue,
  produceBatch,
  readToEnd,
  runBroker,
  spawnBroker,
  type Topic,
  temporaryFolder,
} from '#testing'
import {
  type Disk,
  realClock,
  realDatabases,
  realDisk,
  realHttp,
  realNetwork,
  realRandom,
  realThreads,
  type World,
} from '#world'

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
const metaProperties = 'version=1\nnode.id=1\ncluster.id=MkU3OEVBNTcwNTJENDM2Qg\n'

/** Writes a log of one segment. */
const writeLog = (folder: string, records: readonly (readonly [Buffer | null, Buffer])[]): void => {
  mkdirSync(folder)
  const batch = buildBatch(records.map(([key, value]) => ({ timestampMs: 1, key, value })))
  writeFileSync(join(folder, segment), batch)
}

interface Wish {
  /** Leaves a transaction open. */
  open?: boolean
  configs?: Readonly<Record<string, string>>
}

/** A stopped Kafka with five records in the second of the two partitions of `t`, from offset 2 on. */
const kafkaFolder = async ({
  open = false,
  configs = {},
}: Wish = {}): Promise<{
  from: string
  topic: Topic
}> => {
  const path = newFolder()
  const broker = await spawnBroker({ folder: join(path, 'broker') })
  cleanups.push(() => broker.remove())
  const client = await broker.connect()
  const topic = await createTopic(client, 't', { partitions: 2 })
  const values = Array.from({ length: 5 }, (_, index) => ({
    timestampMs: 1.7e12 + index,
    key: null,
    value: Buffer.from(`value ${index}`),
  }))
  await produceBatch(client, topic, buildBatch(values), { partition: 1 })
  client.close()
  await broker.stop()
  const from = join(path, 'kafka')
  mkdirSync(from)
  writeFileSync(join(from, 'meta.properties'), metaProperties)
  writeFileSync(join(from, '.kafka_cleanshutdown'), '{"version":0,"brokerEpoch":1}')
  for (const name of ['t-0', 't-1']) {
    mkdirSync(join(from, name))
    if (existsSync(join(path, 'broker', name)))
      cpSync(join(path, 'broker', name), join(from, name), { recursive: true })
  }
  const unended = { producerId: 8, producerEpoch: 0, baseSequence: 0, isTransactional: true }
  if (open) {
    rmSync(join(from, 't-0'), { recursive: true })
    mkdirSync(join(from, 't-0'))
    writeFileSync(join(from, 't-0', segment), buildBatch(values, { ...unended, leaderEpoch: 0 }))
  }
  const offsets = `0\n2\nt 0 ${open ? 5 : 0}\nt 1 5\n`
  writeFileSync(join(from, 'recovery-point-offset-checkpoint'), offsets)
  writeFileSync(join(from, 'log-start-offset-checkpoint'), '0\n1\nt 1 2\n')
  const { topic: named, partition, config } = metadataRecord
  writeLog(
    join(from, '__cluster_metadata-0'),
    [
      ...[
        named('t', topic.topicId),
        partition(topic.topicId, 0, 3),
        partition(topic.topicId, 1, 6),
      ],
      ...Object.entries(configs).map(([key, value]) => config('t', key, value)),
    ].map((value) => [null, value] as const),
  )
  writeLog(join(from, '__consumer_offsets-0'), [
    [offsetKey('g', 't', 1), offsetValue(4, { metadata: 'm' })],
    [offsetKey('g', 'gone', 0), offsetValue(4)],
  ])
  return { from, topic }
}

/** What a broker on a folder serves. */
const servedBy = async (folder: string, topic: Topic) => {
  const broker = await spawnBroker({ folder })
  cleanups.push(() => broker.remove())
  const client = await broker.connect()
  const topics = await listTopics(client)
  const { groups } = await client.request(OffsetFetch, 9, {
    groups: [{ groupId: 'g', topics: null }],
  })
  const read = async (partition: number, offset: number): Promise<string[]> => {
    const values: string[] = []
    for await (const { batches } of readToEnd(client, topic, partition, { offset }))
      for (const { records } of batches)
        values.push(...records.map((each) => `${each.offset} ${String(each.value)}`))
    return values
  }
  const found = {
    topics,
    offsets: groups[0]!.topics.flatMap(({ name, partitions }) =>
      partitions.map((each) => `${name}-${each.partitionIndex} ${each.committedOffset}`),
    ),
    records: topics.length === 0 ? [] : await read(1, 2),
    next:
      topics.length === 0
        ? -1
        : await produceBatch(
            client,
            topic,
            buildBatch([{ timestampMs: 1, key: null, value: Buffer.from('next') }]),
            { partition: 1 },
          ),
  }
  client.close()
  await broker.stop()
  return found
}

const importing = (from: string, data: string, ...rest: string[]) =>
  runBroker(['import', 'kafka', '--from', from, '--data', data, ...rest])

test('a topic keeps its id, configs, offsets and committed offsets, and has a higher leader epoch', async () => {
  const { from, topic } = await kafkaFolder({ configs: { 'retention.ms': '-1' } })
  const data = join(newFolder(), 'ours')
  const imported = await importing(from, data)
  equal(imported.code, 0, imported.stderr)
  match(imported.stdout, /1 topics, 2 partitions/)
  const { topics, offsets, records, next } = await servedBy(data, topic)
  deepEqual(topics, [{ ...topic, partitionCount: 2, leaderEpoch: 8 }])
  deepEqual(offsets, ['t-1 4'])
  deepEqual(records.at(-1), '4 value 4')
  equal(next, 5)
  const again = await importing(from, data)
  equal(again.code, 1)
  match(again.stderr, /has a topic 't' already/)
})

test('an import into a folder with topics leaves those as they are', async () => {
  const { from, topic } = await kafkaFolder()
  const data = newFolder()
  const broker = await spawnBroker({ folder: data })
  cleanups.push(() => broker.remove())
  const client = await broker.connect()
  await createTopic(client, 'older')
  client.close()
  match((await importing(from, data)).stderr, /A broker uses the data folder/)
  await broker.stop()
  equal((await importing(from, data)).code, 0)
  const { topics } = await servedBy(data, topic)
  deepEqual(topics.map(({ name }) => name).sort(), ['older', 't'])
})

test('an open transaction is refused, and aborted where that is asked for', async () => {
  const { from, topic } = await kafkaFolder({ open: true })
  const data = newFolder()
  const refused = await importing(from, data)
  equal(refused.code, 1)
  match(refused.stderr, /Producer 8 has an open transaction in t-0 from offset 0 on/)
  const imported = await importing(from, data, '--abort-open')
  match(imported.stdout, /1 open transactions were aborted/)
  const { topics } = await servedBy(data, topic)
  equal(topics.length, 1)
})

test('what is no folder of a stopped Kafka is refused with a sentence that says why', async () => {
  const { from } = await kafkaFolder()
  const refusal = async (path = from, ...rest: string[]): Promise<string> => {
    const { code, stderr } = await importing(path, join(newFolder(), 'ours'), ...rest)
    equal(code, 1)
    return stderr
  }
  match(await refusal(newFolder()), /has no meta\.properties/)
  match(await refusal(from, '--no-such'), /The options are --from/)
  const lock = await realDatabases().lock(join(from, '.lock'))
  match(await refusal(), /A Kafka uses the folder/)
  await lock.release()
  writeFileSync(join(from, 'recovery-point-offset-checkpoint'), '0\n2\nt 0 0\nt 1 6\n')
  match(await refusal(), /t-1 is damaged: the log ends at 5; offsets 5 to 5/)
  writeFileSync(join(from, 'recovery-point-offset-checkpoint'), '0\n5\nt 0 0\nt 1 6\n')
  match(await refusal(), /is not whole/)
  rmSync(join(from, 'recovery-point-offset-checkpoint'))
  rmSync(join(from, 't-0'), { recursive: true })
  match(await refusal(), /There is no .*t-0/)
  rmSync(join(from, '.kafka_cleanshutdown'))
  match(await refusal(), /did not stop in order/)
  const { from: strange } = await kafkaFolder({ configs: { 'no.such.config': '1' } })
  match(await refusal(strange), /Topic 't' cannot be imported/)
})

test('an import that is cut short anywhere leaves no topic, and can be begun again', async () => {
  const { from } = await kafkaFolder()
  const world = (disk: Disk): World => ({
    clock: realClock,
    random: realRandom,
    disk,
    network: realNetwork,
    http: realHttp,
    databases: realDatabases(),
    threads: realThreads,
    logger: collectingLogger(),
  })
  const run = (disk: Disk, data: string) => {
    const lines: string[] = []
    const note = (line: string): void => void lines.push(line)
    const args = ['import', 'kafka', '--from', from, '--data', data]
    return runCommand(args, world(disk), { say: note, complain: note }).then(
      (code) => ({ code, lines }),
      (error: unknown) => ({ code: -1, lines: [String(error)] }),
    )
  }
  let cuts = 0
  for (let left = 0; ; left += 13) {
    const data = newFolder()
    const first = await run(failingDisk(left), data)
    if (first.code === 0) break
    cuts += 1
    const leftover = readdirSync(data).filter((name) => /^t-\d$/.test(name))
    const second = await run(realDisk, data)
    if (leftover.length > 0) match(second.lines.join(' '), /belongs to no topic/)
    else equal(second.code, 0, second.lines.join(' '))
  }
  equal(cuts > 5, true, `${cuts} cuts`)
})
