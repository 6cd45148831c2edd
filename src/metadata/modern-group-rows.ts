// A group of the newer protocol out of its rows.
import { groupFromRows, type ModernGroup, type ModernRows } from '#coordinators'
import type { Row } from '#world'
import { textOf } from './columns.ts'

/** Selects the rows of one group, table by table; `modernGroupOf` takes the results in this order. */
export const modernTables = [
  'SELECT * FROM consumer_groups WHERE group_id = ?',
  'SELECT * FROM consumer_members WHERE group_id = ?',
  'SELECT * FROM consumer_held_partitions WHERE group_id = ?',
  'SELECT * FROM consumer_target_partitions WHERE group_id = ?',
  'SELECT * FROM consumer_patterns WHERE group_id = ?',
]

/** Rebuilds a group from what was selected. */
export const modernGroupOf = (tables: readonly Row[][]): ModernGroup => {
  const [groups = [], members = [], held = [], targets = [], patterns = []] = tables
  const [group] = groups
  return groupFromRows({
    group: {
      groupId: String(group?.group_id),
      epoch: Number(group?.epoch),
      targetEpoch: Number(group?.target_epoch),
      targetAtMs: Number(group?.target_at_ms),
      topicsDigest: String(group?.topics_digest),
    },
    members: members.map(memberOf),
    held: held.map((row) => ({
      ...partitionOf(row),
      epoch: Number(row.epoch),
      revoking: row.revoking === 1,
    })),
    targets: targets.map(partitionOf),
    regexes: patterns.map((row) => ({
      pattern: String(row.pattern),
      topics: JSON.parse(String(row.topics_json)),
    })),
  })
}

const memberOf = (row: Row): ModernRows['members'][number] => ({
  memberId: String(row.member_id),
  instanceId: textOf(row.instance_id),
  rackId: textOf(row.rack_id),
  clientId: String(row.client_id),
  clientHost: String(row.client_host),
  rebalanceTimeoutMs: Number(row.rebalance_timeout_ms),
  topicNames: JSON.parse(String(row.topic_names_json)),
  topicRegex: textOf(row.topic_regex),
  serverAssignor: textOf(row.server_assignor),
  classic: JSON.parse(textOf(row.classic_json) ?? 'null'),
  state: row.state as ModernRows['members'][number]['state'],
  epoch: Number(row.epoch),
  previousEpoch: Number(row.previous_epoch),
})

const partitionOf = (row: Row) => ({
  memberId: String(row.member_id),
  topicId: String(row.topic_id),
  partition: Number(row.partition),
})
