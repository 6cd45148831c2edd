import { deepEqual, equal, ok } from 'node:assert/strict'
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { after, test } from 'node:test'
import { buildBatch } from '#records'
import {
  type BoxedBroker,
  boxBroker,
  createTopic,
  type MetricFamily,
  produceBatch,
  readExposition,
  until,
} from '#testing'

const boxes: BoxedBroker[] = []
after(async () => {
  for (const box of boxes) await box.remove()
})
const start = async (...sets: string[]): Promise<BoxedBroker> => {
  const listener = 'odradek.metrics.listener=127.0.0.1:0'
  const box = await boxBroker([listener, 'log.segment.bytes=1048576', ...sets])
  boxes.push(box)
  return box
}

const scrape = async (box: BoxedBroker): Promise<Map<string, MetricFamily>> => {
  const response = await fetch(`http://127.0.0.1:${box.broker.metrics!.port}/metrics`)
  return readExposition(await response.text())
}
const value = (families: Map<string, MetricFamily>, name: string): number | undefined =>
  families.get(name)!.samples[0]?.value
const batch = (): Buffer =>
  buildBatch([{ timestampMs: Date.now(), key: null, value: Buffer.alloc(400_000, 'x') }])

/** Makes a topic of two partitions with three segments each, two batches a segment. */
const fill = async (box: BoxedBroker, name: string): Promise<void> => {
  const client = await box.connect()
  const topic = await createTopic(client, name, { partitions: 2 })
  for (const partition of [0, 1])
    for (let count = 0; count < 6; count += 1)
      await produceBatch(client, topic, batch(), { partition })
  client.close()
}

/** Changes a byte in the second batch of a file. */
const damage = (file: string): void => {
  const bytes = readFileSync(file)
  bytes[batch().length + 200]! ^= 1
  writeFileSync(file, bytes)
}

const segmentOf = (box: BoxedBroker, partition: string): string =>
  join(box.folder, partition, `${'2'.padStart(20, '0')}.log`)

const expected = (file: string, topic: string, partition: string) => ({
  name: 'odradek_log_damaged',
  labels: { topic, partition, file, position: String(batch().length) },
  value: 1,
})

test('a sound log is said to be sound, and how large it is', async () => {
  const box = await start()
  equal(value(await scrape(box), 'odradek_log_appended_bytes_total'), 0)
  await fill(box, 'sound')
  const families = await scrape(box)
  const bytes = 12 * batch().length
  equal(value(families, 'odradek_partitions'), 2)
  equal(value(families, 'odradek_partitions_offline'), 0)
  equal(value(families, 'odradek_partitions_damaged'), 0)
  deepEqual(families.get('odradek_log_damaged')!.samples, [])
  equal(value(families, 'odradek_log_bytes'), bytes)
  equal(value(families, 'odradek_log_segments'), 6)
  equal(value(families, 'odradek_log_appended_bytes_total'), bytes)
  equal(value(families, 'odradek_log_appended_records_total'), 12)
  ok(value(families, 'odradek_disk_free_bytes')! > 0)
})

test('a start that finds a changed byte in a closed segment names file and byte', async () => {
  const box = await start('odradek.scrub.bytes.per.second=0')
  await fill(box, 'changed')
  const file = segmentOf(box, 'changed-1')
  await box.restart(() => {
    damage(file)
    // Without the snapshots of producers the partition is read from its beginning.
    for (const name of readdirSync(dirname(file)))
      if (/\.(snapshot|producers)$/.test(name)) rmSync(join(dirname(file), name))
  })
  const families = await scrape(box)
  equal(value(families, 'odradek_partitions_damaged'), 1)
  deepEqual(families.get('odradek_log_damaged')!.samples, [expected(file, 'changed', '1')])
})

test('a scrub that finds a changed byte names file and byte of each partition', async () => {
  const rate = 'odradek.scrub.bytes.per.second=1000000000'
  const box = await start('odradek.scrub.interval.ms=50', rate)
  await fill(box, 'scrubbed')
  const files = [segmentOf(box, 'scrubbed-0'), segmentOf(box, 'scrubbed-1')]
  await box.restart(() => files.forEach(damage))
  await until(
    'both are found',
    async () => value(await scrape(box), 'odradek_partitions_damaged') === 2,
  )
  deepEqual(
    (await scrape(box)).get('odradek_log_damaged')!.samples,
    files.map((file, partition) => expected(file, 'scrubbed', String(partition))),
  )
})
