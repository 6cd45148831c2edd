import { deepEqual, equal, match, rejects } from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { codeOf, ResourceType } from '#model'
import {
  AlterConfigs,
  DeleteRecords,
  DescribeConfigs,
  IncrementalAlterConfigs,
  versionsOf,
} from '#protocol'
import { buildBatch } from '#records'
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
  box = await boxBroker(['log.retention.check.interval.ms=20'])
  client = await box.connect()
})
after(async () => {
  client.close()
  await box.remove()
})

const set = 0
const remove = 1
const append = 2
const subtract = 3
type Step = [operation: number, name: string, value?: string | null]

const change = async (topic: string, steps: Step[], more: { validateOnly?: boolean } = {}) => {
  const configs = steps.map(([configOperation, name, value = null]) => ({
    configOperation,
    name,
    value,
  }))
  const { responses } = await client.request(IncrementalAlterConfigs, 1, {
    resources: [{ resourceType: ResourceType.topic, resourceName: topic, configs }],
    validateOnly: false,
    ...more,
  })
  return responses[0]!
}
const describe = async (
  resourceName: string,
  keys: string[] | null,
  { version = 4, resourceType = ResourceType.topic as number } = {},
) => {
  const { results } = await client.request(DescribeConfigs, version, {
    resources: [{ resourceType, resourceName, configurationKeys: keys }],
    includeSynonyms: true,
  })
  return results[0]!
}
const standing = async (topic: string, key: string): Promise<[string | null, number]> => {
  const { configs } = await describe(topic, [key])
  return [configs[0]!.value, configs[0]!.configSource]
}
const oneRecord = (timestampMs = Date.now()) =>
  buildBatch([{ timestampMs, key: null, value: Buffer.from('value') }])

test('a setting is set, added to, taken from and deleted', async () => {
  await createTopic(client, 'steps')
  deepEqual(await standing('steps', 'retention.ms'), ['604800000', 5])
  equal((await change('steps', [[set, 'retention.ms', '1000']])).errorCode, 0)
  deepEqual(await standing('steps', 'retention.ms'), ['1000', 1])
  await change('steps', [[append, 'cleanup.policy', 'compact, delete']])
  deepEqual(await standing('steps', 'cleanup.policy'), ['delete,compact', 1])
  await change('steps', [[subtract, 'cleanup.policy', 'delete']])
  deepEqual(await standing('steps', 'cleanup.policy'), ['compact', 1])
  await change('steps', [
    [remove, 'cleanup.policy'],
    [remove, 'retention.ms'],
  ])
  deepEqual(await standing('steps', 'cleanup.policy'), ['delete', 5])
  deepEqual(await standing('steps', 'retention.ms'), ['604800000', 5])
})

const refusals: [string, Step[], 'INVALID_CONFIG' | 'INVALID_REQUEST', RegExp][] = [
  ['an unknown setting', [[set, 'retention.mss', '1']], 'INVALID_CONFIG', /retention\.ms\?/],
  ['an unknown setting deleted', [[remove, 'no.such']], 'INVALID_CONFIG', /no\.such/],
  ['a bad value', [[set, 'retention.ms', 'long']], 'INVALID_CONFIG', /retention\.ms must be/],
  ['a value that is missing', [[set, 'retention.ms']], 'INVALID_REQUEST', /needs a value/],
  ['adding to what is no list', [[append, 'retention.ms', '1']], 'INVALID_CONFIG', /no list/],
  ['an unknown operation', [[7, 'cleanup.policy', 'compact']], 'INVALID_REQUEST', /operation 7/],
  [
    'one setting twice',
    [
      [set, 'retention.ms', '1'],
      [set, 'retention.ms', '2'],
    ],
    'INVALID_REQUEST',
    /only once/,
  ],
]
for (const [what, steps, code, sentence] of refusals)
  test(`${what} is refused, and what stands beside it is not changed either`, async () => {
    const topic = `refused-${what.replaceAll(' ', '-')}`
    await createTopic(client, topic)
    const { errorCode, errorMessage } = await change(topic, [[set, 'segment.ms', '5'], ...steps])
    equal(errorCode, codeOf(code))
    match(errorMessage ?? '', sentence)
    deepEqual(await standing(topic, 'segment.ms'), ['604800000', 5])
  })

test('changes of one topic at one time are all kept', async () => {
  await createTopic(client, 'together')
  const names = ['retention.ms', 'segment.ms', 'max.message.bytes', 'segment.bytes']
  await Promise.all(names.map((name) => change('together', [[set, name, '2000000']])))
  for (const name of names) deepEqual(await standing('together', name), ['2000000', 1])
})

test('validateOnly changes nothing, and says what would be wrong', async () => {
  await createTopic(client, 'only')
  const good = await change('only', [[set, 'retention.ms', '1']], { validateOnly: true })
  equal(good.errorCode, 0)
  const bad = await change('only', [[set, 'retention.ms', '-7']], { validateOnly: true })
  equal(bad.errorCode, codeOf('INVALID_CONFIG'))
  deepEqual(await standing('only', 'retention.ms'), ['604800000', 5])
})

test('a topic that is missing, a resource of another kind and one named twice are refused', async () => {
  equal((await change('nobody', [[set, 'retention.ms', '1']])).errorCode, 3)
  equal((await describe('nobody', null)).errorCode, 3)
  const resource = { resourceType: ResourceType.topic, resourceName: 'nobody', configs: [] }
  const { responses } = await client.request(IncrementalAlterConfigs, 0, {
    resources: [resource, resource, { ...resource, resourceType: ResourceType.broker }],
    validateOnly: false,
  })
  deepEqual(
    responses.map(({ errorCode }) => errorCode),
    [42, 42, 42],
  )
})

for (const version of versionsOf(AlterConfigs))
  test(`AlterConfigs v${version} replaces all that a topic has`, async () => {
    const name = `replaced-${version}`
    await createTopic(client, name)
    await change(name, [[set, 'segment.ms', '5']])
    const configs = [{ name: 'retention.ms', value: '7' }]
    const resources = [{ resourceType: ResourceType.topic, resourceName: name, configs }]
    await client.request(AlterConfigs, version, { resources, validateOnly: false })
    deepEqual(await standing(name, 'retention.ms'), ['7', 1])
    deepEqual(await standing(name, 'segment.ms'), ['604800000', 5])
  })

for (const version of versionsOf(DescribeConfigs))
  test(`DescribeConfigs v${version} describes a topic and the broker`, async () => {
    await createTopic(client, `described-${version}`)
    const topic = await describe(`described-${version}`, null, { version })
    const names = topic.configs.map(({ name }) => name)
    equal(names.includes('retention.ms') && names.includes('cleanup.policy'), true)
    const resourceType = ResourceType.broker
    const broker = await describe('1', ['log.retention.check.interval.ms'], {
      version,
      resourceType,
    })
    deepEqual(
      broker.configs.map(({ value, configSource, readOnly }) => [value, configSource, readOnly]),
      [['20', 4, true]],
    )
    equal((await describe('7', null, { version, resourceType })).errorCode, 42)
    deepEqual((await describe('', null, { version, resourceType })).configs, [])
  })

const deleteBefore = async (name: string, offset: number, version = 2) => {
  const partitions = [{ partitionIndex: 0, offset }]
  const request = { topics: [{ name, partitions }], timeoutMs: 1000 }
  const { topics } = await client.request(DeleteRecords, version, request)
  const { lowWatermark, errorCode } = topics[0]!.partitions[0]!
  return [errorCode, lowWatermark]
}

for (const version of versionsOf(DeleteRecords))
  test(`DeleteRecords v${version} moves the log start, for good`, async () => {
    const topic = await createTopic(client, `emptied-${version}`)
    for (let count = 0; count < 3; count += 1) await produceBatch(client, topic, oneRecord())
    deepEqual(await deleteBefore(topic.name, 2, version), [0, 2])
    deepEqual(await deleteBefore(topic.name, 1, version), [0, 2])
    await rejects(readOnce(client, topic, 0, { offset: 1 }), /OFFSET_OUT_OF_RANGE/)
    deepEqual(await deleteBefore(topic.name, 4, version), [codeOf('OFFSET_OUT_OF_RANGE'), -1])
    deepEqual(await deleteBefore(topic.name, -1, version), [0, 3])
    deepEqual(await deleteBefore('nobody', -1, version), [3, -1])
  })

test('DeleteRecords refuses a topic that only compacts', async () => {
  const topic = await createTopic(client, 'compacted')
  await change(topic.name, [[set, 'cleanup.policy', 'compact']])
  deepEqual(await deleteBefore(topic.name, -1), [codeOf('POLICY_VIOLATION'), -1])
})

test('retention that is set while the broker runs deletes what is too old', async () => {
  const topic: Topic = await createTopic(client, 'aging')
  await produceBatch(client, topic, oneRecord(Date.now() - 60_000))
  await change(topic.name, [[set, 'retention.ms', '1000']])
  await until('the old record is gone', () =>
    readOnce(client, topic).then(
      () => false,
      (error: Error) => error.message.includes('OFFSET_OUT_OF_RANGE'),
    ),
  )
  await produceBatch(client, topic, oneRecord())
  equal((await readOnce(client, topic, 0, { offset: 1 })).batches.length, 1)
})
