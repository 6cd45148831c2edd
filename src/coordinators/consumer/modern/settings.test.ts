import { deepEqual, equal } from 'node:assert/strict'
import { test } from 'node:test'
import { type BrokerGroupSettings, modernGroupDefaults, modernGroupSettings } from './settings.ts'

const broker: BrokerGroupSettings = {
  'group.consumer.assignors': ['uniform', 'range'],
  'group.consumer.max.size': 2 ** 31 - 1,
  'group.consumer.session.timeout.ms': 45_000,
  'group.consumer.min.session.timeout.ms': 45_000,
  'group.consumer.max.session.timeout.ms': 60_000,
  'group.consumer.heartbeat.interval.ms': 5_000,
  'group.consumer.min.heartbeat.interval.ms': 5_000,
  'group.consumer.max.heartbeat.interval.ms': 15_000,
  'group.consumer.assignment.interval.ms': 1_000,
  'group.consumer.min.assignment.interval.ms': 0,
  'group.consumer.max.assignment.interval.ms': 15_000,
  'group.consumer.migration.policy': 'BIDIRECTIONAL',
  'group.consumer.regex.refresh.interval.ms': 600_000,
  'group.max.size': 2 ** 31 - 1,
}

test('a group with no settings of its own has the broker’s', () => {
  deepEqual(modernGroupSettings(broker), modernGroupDefaults)
})

test('a group’s own settings stay within the broker’s bounds', () => {
  const settings = modernGroupSettings(broker, {
    'consumer.session.timeout.ms': 1,
    'consumer.heartbeat.interval.ms': 99_999,
    'consumer.assignment.interval.ms': 0,
  })
  equal(settings.sessionTimeoutMs, 45_000)
  equal(settings.heartbeatIntervalMs, 15_000)
  equal(settings.assignmentIntervalMs, 0)
})

test('the migration policy is read in any case', () => {
  for (const policy of ['disabled', 'Upgrade', 'DOWNGRADE'])
    equal(
      modernGroupSettings({ ...broker, 'group.consumer.migration.policy': policy }).migrationPolicy,
      policy.toLowerCase(),
    )
})
