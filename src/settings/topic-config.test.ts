import { deepEqual, equal, ok, throws } from 'node:assert/strict'
import { test } from 'node:test'
import { AssertionFailure, KafkaError } from '#model'
import { loadSettings } from './load.ts'
import { checkTopicConfigs, describeTopicConfigs, topicConfig } from './topic-config.ts'

test('a topic without settings of its own has those of the broker', () => {
  const config = topicConfig({}, settings('num.partitions=3').broker)
  equal(config['segment.bytes'], 1_073_741_824)
  equal(config['segment.ms'], 604_800_000)
  equal(config['retention.ms'], 604_800_000)
  deepEqual(config['cleanup.policy'], ['delete'])
  equal(config['message.timestamp.type'], 'CreateTime')
  equal(config['flush.ms'], Number.MAX_SAFE_INTEGER)
  equal(config['odradek.flush'], 'disk')
})

test('its own settings win over those of the broker', () => {
  const { broker } = settings('log.segment.bytes=2000000', 'odradek.flush=os')
  const own = { 'cleanup.policy': 'compact,delete', 'segment.ms': '5' }
  const config = topicConfig(own, broker)
  equal(config['segment.bytes'], 2_000_000)
  equal(config['segment.ms'], 5)
  deepEqual(config['cleanup.policy'], ['compact', 'delete'])
  equal(config['odradek.flush'], 'os')
  equal(topicConfig({}, broker)['segment.ms'], 604_800_000)
})

const fallbacks: [
  sets: string[],
  key: 'retention.ms' | 'segment.ms' | 'segment.jitter.ms',
  value: number,
][] = [
  [['log.retention.hours=2'], 'retention.ms', 7_200_000],
  [['log.retention.hours=2', 'log.retention.minutes=3'], 'retention.ms', 180_000],
  [['log.retention.minutes=3', 'log.retention.ms=4'], 'retention.ms', 4],
  [['log.retention.hours=-1'], 'retention.ms', -1],
  [['log.roll.hours=1'], 'segment.ms', 3_600_000],
  [['log.roll.hours=1', 'log.roll.ms=7'], 'segment.ms', 7],
  [['log.roll.jitter.hours=1'], 'segment.jitter.ms', 3_600_000],
  [['log.roll.jitter.ms=9', 'log.roll.jitter.hours=1'], 'segment.jitter.ms', 9],
]

for (const [sets, key, value] of fallbacks)
  test(`${sets.join(' and ')} make ${key} ${value}`, () => {
    equal(topicConfig({}, settings(...sets).broker)[key], value)
  })

const refused: [configs: Record<string, string | null>, sentence: RegExp][] = [
  [
    { 'retention.mss': '1' },
    /^There is no topic setting 'retention\.mss': did you mean retention\.ms\?$/,
  ],
  [{ 'num.partitions': '1' }, /^There is no topic setting 'num\.partitions'/],
  [{ constructor: '1' }, /^There is no topic setting 'constructor'/],
  [
    { 'segment.bytes': '1' },
    /^The topic setting segment\.bytes must be an int of at least 1048576, not '1'/,
  ],
  [{ 'retention.ms': null }, /^The topic setting retention\.ms needs a value/],
  [{ 'cleanup.policy': 'keep' }, /must be a list of compact or delete, not 'keep'/],
  [{ 'max.message.bytes': 'x'.repeat(100_000) }, /^.{1,400}$/],
  [{ 'min.compaction.lag.ms': '2', 'max.compaction.lag.ms': '1' }, /must not be above/],
  [{ 'remote.storage.enable': 'true' }, /there is no tiering here/],
]

for (const [configs, sentence] of refused)
  test(`${JSON.stringify(configs).slice(0, 80)} is an invalid config`, () => {
    throws(
      () => checkTopicConfigs(configs, settings().broker),
      (error) =>
        error instanceof KafkaError &&
        error.errorName === 'INVALID_CONFIG' &&
        sentence.test(error.message),
    )
  })

test('settings that Kafka lets a topic have are let pass', () => {
  checkTopicConfigs(
    {
      'cleanup.policy': ' compact , delete ',
      'retention.ms': '-1',
      'segment.jitter.ms': '9223372036854775807',
      'follower.replication.throttled.replicas': '0:1,1:2',
      'min.cleanable.dirty.ratio': '1',
      'odradek.flush': 'os',
    },
    settings().broker,
  )
})

test('each setting is described with where it comes from', () => {
  const { broker, origins } = settings('log.segment.bytes=2000000', 'log.roll.hours=1')
  const own = { 'retention.ms': '9223372036854775807' }
  const described = describeTopicConfigs(own, broker, origins)
  equal(described.length, 34)
  const by = (name: string) => described.find((config) => config.name === name)
  deepEqual(by('retention.ms'), {
    name: 'retention.ms',
    value: '9223372036854775807',
    source: 1,
    readOnly: false,
    isSensitive: false,
    type: 5,
    synonyms: [
      { name: 'retention.ms', value: '9223372036854775807', source: 1 },
      { name: 'log.retention.hours', value: '168', source: 5 },
    ],
  })
  deepEqual(by('segment.bytes')?.synonyms, [
    { name: 'log.segment.bytes', value: '2000000', source: 4 },
    { name: 'log.segment.bytes', value: '1073741824', source: 5 },
  ])
  equal(by('segment.bytes')?.source, 4)
  equal(by('segment.ms')?.value, '3600000')
  equal(by('segment.ms')?.source, 4)
  equal(by('cleanup.policy')?.source, 5)
  equal(by('cleanup.policy')?.type, 7)
  equal(by('flush.ms')?.value, '9223372036854775807')
  equal(by('remote.storage.enable')?.value, 'false')
  ok(described.every(({ source, value }) => source > 0 && value !== null))
})

test('what a later version stored is left out, what was never allowed is a bug', () => {
  const { broker } = settings()
  equal(topicConfig({ 'new.setting': '1' }, broker)['segment.ms'], 604_800_000)
  throws(() => topicConfig({ 'segment.ms': 'x' }, broker), AssertionFailure)
})

const settings = (...sets: string[]) => loadSettings({ sets, flags: {} })
