// A compacted topic as its clients see it, on a real broker whose cleaner runs on a thread of its own.
import { deepEqual, equal, ok } from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { ResourceType } from '#model'
import { IncrementalAlterConfigs } from '#protocol'
import { type BatchOptions, buildBatch, Codec } from '#records'
import {
  type BoxedBroker,
  boxBroker,
  createTopic,
  produceBatch,
  readOnce,
  type Topic,
  until,
  type WireClient,
} from '#testing'

let box: BoxedBroker
let client: WireClient
before(async () => {
  box = await boxBroker(['log.cleaner.backoff.ms=20'])
  client = await box.connect()
})
after(async () => {
  client.close()
  await box.remove()
})

const segmentBytes = '1048576'
const keyCount = 40
const valueSize = 4000

/** Some megabytes of updates of a few keys; what a value is tells its place. */
const fill = async (topic: Topic, batchCount: number, options: BatchOptions = {}) => {
  for (let batch = 0; batch < batchCount; batch += 1) {
    const records = Array.from({ length: keyCount }, (_, key) => ({
      timestampMs: Date.now(),
      key: Buffer.from(`key-${key}`),
      value: Buffer.alloc(valueSize, `${batch} `),
    }))
    await produceBatch(client, topic, buildBatch(records, options))
  }
}

const readAll = async (topic: Topic) => {
  const records: { offset: number; key: string; value: string | undefined }[] = []
  for (let offset = 0; ; ) {
    const part = await readOnce(client, topic, 0, { offset, partitionMaxBytes: 1e7 })
    if (part.batches.length === 0) return records
    ok(part.nextOffset > offset)
    offset = part.nextOffset
    for (const batch of part.batches)
      for (const record of batch.records)
        records.push({
          offset: record.offset,
          key: String(record.key),
          value: record.value?.toString('latin1', 0, 3),
        })
  }
}

const lastOf = (records: Awaited<ReturnType<typeof readAll>>) =>
  new Map(records.map(({ key, value, offset }) => [key, `${offset} ${value}`]))

const isCleaned = (topic: Topic): Promise<void> =>
  until('the log is cleaned', () =>
    box.logLines.some(
      (line) => line.includes('cleaned a compacted log') && line.includes(`${topic.name}-0`),
    ),
  )

const alterPolicy = async (topic: Topic, value: string): Promise<void> => {
  const configs = [{ name: 'cleanup.policy', configOperation: 0, value }]
  const { responses } = await client.request(IncrementalAlterConfigs, 1, {
    resources: [{ resourceType: ResourceType.topic, resourceName: topic.name, configs }],
    validateOnly: false,
  })
  equal(responses[0]!.errorCode, 0)
}

for (const codec of [Codec.none, Codec.zstd])
  test(`a reader of a compacted topic sees the last record of each key (codec ${codec})`, async () => {
    const configs = {
      'cleanup.policy': 'compact',
      'segment.bytes': segmentBytes,
      'max.message.bytes': '2000000',
    }
    const topic = await createTopic(client, `compacted-${codec}`, { configs })
    // Compressed values of one letter would never fill a segment.
    const batchCount = codec === Codec.none ? 20 : 3
    await fill(topic, batchCount, { codec })
    if (codec !== Codec.none) await fill(topic, 10)
    const before = lastOf(await readAll(topic))
    await isCleaned(topic)
    const records = await readAll(topic)
    const total = (batchCount + (codec === Codec.none ? 0 : 10)) * keyCount
    ok(records.length < total, `${records.length} of ${total}`)
    deepEqual(lastOf(records), before)
    const { batches } = await readOnce(client, topic, 0, { offset: 0, partitionMaxBytes: 1e7 })
    ok(batches[0]!.records.length === 0 || batches[0]!.records[0]!.offset >= 0)
  })

test('a topic that becomes compacted is cleaned, and after a restart nothing has changed', async () => {
  const configs = { 'segment.bytes': segmentBytes }
  const topic = await createTopic(client, 'becomes', { configs })
  await fill(topic, 20)
  const before = await readAll(topic)
  equal(before.length, 20 * keyCount)
  await alterPolicy(topic, 'compact,delete')
  await isCleaned(topic)
  await alterPolicy(topic, 'delete')
  const after = await readAll(topic)
  deepEqual(lastOf(after), lastOf(before))
  client.close()
  await box.restart()
  client = await box.connect()
  deepEqual(await readAll(topic), after)
})
