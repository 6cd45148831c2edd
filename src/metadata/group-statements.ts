// The SQL that each change of a group becomes.
import type { CommittedOffset, ExpiryRule, GroupChange, StoredClassicEvent } from '#coordinators'
import type { Uuid } from '#model'
import type { SqlValue, Statement } from '#world'
import { modernRowsGone, modernStatements } from './modern-group-statements.ts'

/** The statements that store the changes, in order. Commits that follow each other become one. */
export const statementsOf = (changes: readonly GroupChange[], nowMs: number): Statement[] => {
  const statements: Statement[] = []
  const commits = new Commits()
  for (const change of changes) {
    if (change.kind === 'offsets') commits.add(change.groupId, change.offsets)
    else {
      if (isOfOffsets(change)) commits.moveTo(statements)
      statements.push(...statementsOfChange(change, nowMs))
    }
  }
  commits.moveTo(statements)
  return statements
}

const isOfOffsets = ({ kind }: GroupChange): boolean =>
  kind === 'offsetsDeleted' || kind === 'offsetsForgotten' || kind === 'offsetsExpired'

/** Offsets to be set, the last one of each partition. */
class Commits {
  readonly #groups = new Map<string, Map<Uuid, Map<number, CommittedOffset>>>()

  add(groupId: string, offsets: readonly CommittedOffset[]): void {
    const group = entryOf(this.#groups, groupId)
    for (const offset of offsets) entryOf(group, offset.topicId).set(offset.partition, offset)
  }

  moveTo(statements: Statement[]): void {
    if (this.#groups.size === 0) return
    const runs: SqlValue[][] = []
    const expiring = new Set<string>()
    for (const [groupId, topics] of this.#groups)
      for (const [topicId, offsets] of topics)
        for (const [partition, each] of offsets) {
          runs.push([
            each.offset,
            each.leaderEpoch,
            each.metadata,
            each.committedAtMs,
            each.expiresAtMs,
            groupId,
            topicId,
            partition,
          ])
          if (each.expiresAtMs !== null) expiring.add(groupId)
        }
    statements.push({ sql: moveOffset, otherwise: addOffset, runs })
    for (const groupId of expiring)
      statements.push({
        sql: 'UPDATE groups SET offsets_since_ms = 0 WHERE group_id = ?',
        values: [groupId],
      })
    this.#groups.clear()
  }
}

const entryOf = <Key, Inner, Value>(
  entries: Map<Key, Map<Inner, Value>>,
  key: Key,
): Map<Inner, Value> => {
  let entry = entries.get(key)
  if (!entry) {
    entry = new Map()
    entries.set(key, entry)
  }
  return entry
}

/** Most commits move an offset that is there, and pay for no look at the topic. */
const moveOffset = `UPDATE committed_offsets
  SET committed_offset = ?, leader_epoch = ?, metadata = ?, committed_at_ms = ?, expires_at_ms = ?
  WHERE group_id = ? AND topic_id = ? AND partition = ?`

/** The topic may have been deleted meanwhile. */
const addOffset = `INSERT INTO committed_offsets (committed_offset, leader_epoch, metadata,
    committed_at_ms, expires_at_ms, group_id, topic_id, partition)
  SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8 WHERE EXISTS (SELECT 1 FROM topics WHERE topic_id = ?7)`

const statementsOfChange = (
  change: Exclude<GroupChange, { kind: 'offsets' }>,
  nowMs: number,
): Statement[] => {
  const { groupId } = change
  switch (change.kind) {
    case 'classic':
      return classicStatements(groupId, change.event, nowMs)
    case 'modern':
      return modernStatements(groupId, change.event, nowMs)
    case 'upgraded':
      return classicMemberTables.map((table) => ({
        sql: `DELETE FROM ${table} WHERE group_id = ?`,
        values: [groupId],
      }))
    case 'downgraded':
      return modernRowsGone(groupId)
    case 'offsetsDeleted': {
      const runs = change.partitions.map(({ topicId, partition }) => [groupId, topicId, partition])
      return [
        {
          sql: 'DELETE FROM committed_offsets WHERE group_id = ? AND topic_id = ? AND partition = ?',
          runs,
        },
      ]
    }
    case 'offsetsForgotten':
      return ['committed_offsets', 'pending_offsets'].map((table) => ({
        sql: `DELETE FROM ${table} WHERE group_id = ?`,
        values: [groupId],
      }))
    case 'offsetsExpired':
      return expiryStatements(groupId, change.rule, change.nowMs, change.retentionMs)
  }
}

const classicStatements = (
  groupId: string,
  event: StoredClassicEvent,
  nowMs: number,
): Statement[] => {
  switch (event.kind) {
    case 'groupChanged': {
      const { phase, generationId, protocolType, protocolName, leaderId, emptySinceMs } =
        event.facts
      const emptySince = emptySinceMs === null ? null : Math.floor(emptySinceMs)
      return [
        {
          sql: putGroup,
          values: [
            groupId,
            phase,
            generationId,
            protocolType,
            protocolName,
            leaderId,
            emptySince,
            nowMs,
          ],
        },
      ]
    }
    case 'memberChanged': {
      const { memberId, protocols, ...facts } = event.member
      return [
        {
          sql: putMember,
          values: [
            groupId,
            memberId,
            facts.instanceId,
            facts.clientId,
            facts.clientHost,
            facts.sessionTimeoutMs,
            facts.rebalanceTimeoutMs,
          ],
        },
        ...deleteMember(['classic_member_protocols'], groupId, memberId),
        {
          sql: 'INSERT INTO classic_member_protocols VALUES (?, ?, ?, ?, ?)',
          runs: protocols.map(({ name, metadata }, place) => [
            groupId,
            memberId,
            place,
            name,
            metadata,
          ]),
        },
      ]
    }
    case 'memberRemoved':
      return deleteMember(classicMemberTables, groupId, event.memberId)
    case 'assigned': {
      const runs = event.assignments.map((each) => [each.assignment, groupId, each.memberId])
      return [
        {
          sql: 'UPDATE classic_members SET assignment = ? WHERE group_id = ? AND member_id = ?',
          runs,
        },
      ]
    }
    case 'groupRemoved':
      return [...classicMemberTables, 'groups'].map((table) => ({
        sql: `DELETE FROM ${table} WHERE group_id = ?`,
        values: [groupId],
      }))
  }
}

const classicMemberTables = ['classic_members', 'classic_member_protocols'] as const

const putGroup = `INSERT INTO groups VALUES (?1, 'classic', ?2, ?3, ?4, ?5, ?6, ?7, ?8)
  ON CONFLICT DO UPDATE SET kind = 'classic', phase = ?2, generation = ?3, protocol_type = ?4,
    protocol_name = ?5, leader_id = ?6, empty_since_ms = ?7`

const putMember = `INSERT INTO classic_members (group_id, member_id, instance_id, client_id, client_host,
    session_timeout_ms, rebalance_timeout_ms, assignment) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, x'')
  ON CONFLICT (group_id, member_id) DO UPDATE SET instance_id = ?3, client_id = ?4, client_host = ?5,
    session_timeout_ms = ?6, rebalance_timeout_ms = ?7`

const deleteMember = (tables: readonly string[], groupId: string, memberId: string): Statement[] =>
  tables.map((table) => ({
    sql: `DELETE FROM ${table} WHERE group_id = ? AND member_id = ?`,
    values: [groupId, memberId],
  }))

/**
 * What a client said itself goes before the rule, and what a transaction is about to change stays.
 * Afterwards the group knows from when on the next look pays; where what counts may change with its
 * members that is the oldest commit.
 */
const expiryStatements = (
  groupId: string,
  rule: ExpiryRule,
  nowMs: number,
  retentionMs: number,
): Statement[] => {
  const cutoffMs = nowMs - retentionMs
  const sinceMs = rule.kind === 'group' ? Math.floor(rule.sinceMs) : null
  const isAllOld = sinceMs !== null && sinceMs <= cutoffMs ? 1 : 0
  const except = JSON.stringify(rule.kind === 'commit' ? rule.except : [])
  return [
    {
      sql: `DELETE FROM committed_offsets WHERE group_id = ?1 AND CASE
          WHEN expires_at_ms IS NOT NULL THEN expires_at_ms <= ?2
          WHEN ?3 THEN committed_at_ms <= ?4 AND topic_id NOT IN (SELECT value FROM json_each(?5))
          ELSE ?6 END
        AND (topic_id, partition) NOT IN
          (SELECT topic_id, partition FROM pending_offsets WHERE group_id = ?1)`,
      values: [groupId, nowMs, rule.kind === 'commit' ? 1 : 0, cutoffMs, except, isAllOld],
    },
    {
      sql: `UPDATE groups SET offsets_since_ms = coalesce((SELECT min(CASE
            WHEN expires_at_ms IS NOT NULL THEN expires_at_ms - ?2
            ELSE coalesce(?3, committed_at_ms) END)
          FROM committed_offsets WHERE group_id = ?1), ?4) WHERE group_id = ?1`,
      values: [groupId, retentionMs, sinceMs, nowMs],
    },
  ]
}
