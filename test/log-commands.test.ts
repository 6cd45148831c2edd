// `odradek log verify` and `odradek log repair`, from outside, on the folder of a stopped broker.
import { deepEqual, equal, match } from 'node:assert/strict'
import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterEach, test } from 'node:test'
import { DeleteRecords, ListOffsets } from '#protocol'
import { buildBatch } from '#records'
import {
  type BrokerProcess,
  createTopic,
  listTopics,
  produceBatch,
  readToEnd,
  runBroker,
  spawnBroker,
  temporaryFolder,
  until,
  type WireClient,
} from '#testing'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

const start = async (folder?: string): Promise<BrokerProcess> => {
  const broker = await spawnBroker(folder === undefined ? {} : { folder })
  cleanups.push(() => broker.remove())
  return broker
}
const newFolder = (): string => {
  const folder = temporaryFolder()
  cleanups.push(() => folder.remove())
  return folder.path
}

/** A stopped broker's folder with ten batches of one record in `t-0`, and its segment's path. */
const written = async (): Promise<{ folder: string; segment: string }> => {
  const folder = newFolder()
  const broker = await start(folder)
  const client = await broker.connect()
  const topic = await createTopic(client, 't')
  for (let index = 0; index < 10; index += 1)
    await produceBatch(
      client,
      topic,
      buildBatch([
        { timestampMs: 1.7e12 + index, key: null, value: Buffer.from(`value ${index}`) },
      ]),
    )
  client.close()
  await broker.stop()
  return { folder, segment: join(folder, 't-0', `${'0'.repeat(20)}.log`) }
}

/** Where the log of `t-0` begins. */
const logStart = async (client: WireClient): Promise<number> => {
  const partitions = [{ partitionIndex: 0, timestamp: -2 }]
  const { topics } = await client.request(ListOffsets, 7, {
    replicaId: -1,
    topics: [{ name: 't', partitions }],
  })
  return topics[0]!.partitions[0]!.offset
}

const overwrite = (path: string, position: number, text: string): void => {
  const file = openSync(path, 'r+')
  writeSync(file, Buffer.from(text), 0, text.length, position)
  closeSync(file)
}

/** The offset that a broker on the folder gives to the next record, and all that it serves then. */
const servedBy = async (folder: string): Promise<{ offsets: number[]; next: number }> => {
  const broker = await start(folder)
  const client = await broker.connect()
  const [topic] = await listTopics(client)
  const next = await produceBatch(
    client,
    topic!,
    buildBatch([{ timestampMs: Date.now(), key: null, value: Buffer.from('next') }]),
  )
  const offsets: number[] = []
  for await (const part of readToEnd(client, topic!))
    offsets.push(...part.batches.flatMap((batch) => batch.records.map(({ offset }) => offset)))
  client.close()
  await broker.stop()
  return { offsets, next }
}

test('a sound folder is said to be sound', async () => {
  const { folder } = await written()
  const { code, stdout } = await runBroker(['log', 'verify', '--data', folder])
  equal(code, 0)
  match(stdout, /^1 partitions, 10 batches, \d+ bytes: 0 damaged\n$/)
})

test('a partition whose records all went in time is sound', async () => {
  const sets = ['log.retention.check.interval.ms=50', 'log.segment.delete.delay.ms=0']
  const folder = newFolder()
  const broker = await spawnBroker({ folder, sets })
  cleanups.push(() => broker.remove())
  const client = await broker.connect()
  const topic = await createTopic(client, 't', { configs: { 'retention.ms': '1000' } })
  const old = [{ timestampMs: 1.7e12, key: null, value: Buffer.from('old') }]
  await produceBatch(client, topic, buildBatch(old))
  await until('the record is gone', async () => (await logStart(client)) === 1)
  await until(
    'its file is gone',
    () => !readdirSync(join(folder, 't-0')).some((name) => name.endsWith('.log')),
  )
  client.close()
  await broker.stop()
  const { code, stdout } = await runBroker(['log', 'verify', '--data', folder])
  equal(code, 0, stdout)
  match(stdout, /: 0 damaged\n$/)
})

test('damage before the log start offset costs no reader anything', async () => {
  const { folder, segment } = await written()
  const broker = await start(folder)
  const client = await broker.connect()
  const partitions = [{ partitionIndex: 0, offset: 5 }]
  await client.request(DeleteRecords, 2, { topics: [{ name: 't', partitions }], timeoutMs: 5000 })
  client.close()
  await broker.stop()
  overwrite(segment, Math.round((statSync(segment).size / 10) * 3.8), 'xx')
  const { stdout } = await runBroker(['log', 'verify', '--data', folder])
  match(stdout, /only records before the log start offset 5 are lost$/m)
})

test('damage in the middle is named, cut out, and everything else is kept', async () => {
  const { folder, segment } = await written()
  const size = statSync(segment).size / 10
  overwrite(segment, Math.round(size * 3.8), 'xx')
  const seen = await runBroker(['log', 'verify', '--data', folder])
  equal(seen.code, 1)
  match(seen.stdout, /^t-0: 0{20}\.log: \d+ bytes from byte \d+ on .* offsets 3 to 3 are lost$/m)
  const mended = await runBroker(['log', 'repair', '--data', folder])
  equal(mended.code, 0, mended.stdout)
  match(mended.stdout, /t-0: mended/)
  equal(existsSync(`${segment}.damaged`), true)
  const again = await runBroker(['log', 'verify', '--data', folder])
  equal(again.code, 0, again.stdout)
  deepEqual(await servedBy(folder), {
    offsets: [0, 1, 2, 4, 5, 6, 7, 8, 9, 10],
    next: 10,
  })
})

test('a lost end is named, and the log goes on where it once ended', async () => {
  const { folder, segment } = await written()
  truncateSync(segment, Math.round((statSync(segment).size / 10) * 6))
  const seen = await runBroker(['log', 'verify', '--data', folder])
  match(seen.stdout, /^t-0: the log ends at 6; offsets 6 to 9 were on disk and are lost$/m)
  equal((await runBroker(['log', 'repair', '--data', folder])).code, 0)
  deepEqual(await servedBy(folder), { offsets: [0, 1, 2, 3, 4, 5, 10], next: 10 })
})

test('a folder that is gone is named, and the commands refuse what they cannot do', async () => {
  const { folder } = await written()
  rmSync(join(folder, 't-0'), { recursive: true })
  const seen = await runBroker(['log', 'repair', '--data', folder])
  equal(seen.code, 1)
  match(seen.stdout, /^t-0: the folder is gone, with all records before offset 10$/m)
  const nowhere = await runBroker(['log', 'verify', '--data', newFolder()])
  equal(nowhere.code, 1)
  match(nowhere.stderr, /is no data folder/)
  match((await runBroker(['log', 'mend'])).stderr, /There is no command 'log mend'/)
  match((await runBroker(['log', 'verify', '--port', '1'])).stderr, /--data DIR/)
})

test('after a crash the broker has to put things right first', async () => {
  const { folder } = await written()
  const broker = await start(folder)
  await broker.kill()
  const mended = await runBroker(['log', 'repair', '--data', folder])
  equal(mended.code, 1)
  match(mended.stderr, /did not stop in order/)
  const seen = await runBroker(['log', 'verify', '--data', folder])
  equal(seen.code, 0)
  match(seen.stdout, /did not stop in order/)
})

test('the folder of a running broker is left alone', async () => {
  const broker = await start()
  const seen = await runBroker(['log', 'repair', '--data', broker.folder])
  equal(seen.code, 1)
  match(seen.stderr, /stop it first/)
  equal(readdirSync(broker.folder).includes('metadata.db'), true)
})
