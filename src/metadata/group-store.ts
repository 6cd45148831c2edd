import {
  type ClassicPhase,
  type ClassicState,
  type CommittedOffset,
  classicFromRows,
  type GroupChange,
  type GroupMachine,
  type GroupStore,
  type OffsetPartition,
  type StoredGroup,
} from '#coordinators'
import type { Clock, Database, Row, Statement } from '#world'
import { numberOf, textOf } from './columns.ts'
import { groupSchema } from './group-schema.ts'
import { statementsOf } from './group-statements.ts'
import { modernGroupOf, modernTables } from './modern-group-rows.ts'
import { transactionSchema } from './transaction-schema.ts'

/** Groups and their offsets as rows. The database runs what it is asked in order, reads too. */
export class SqlGroupStore implements GroupStore {
  readonly #database: Database
  readonly #clock: Clock

  constructor(database: Database, clock: Clock) {
    this.#database = database
    this.#clock = clock
  }

  /** Makes the tables where they are missing, those of offsets in transactions too. */
  async start(): Promise<void> {
    await this.#database.write([...groupSchema, ...transactionSchema].map((sql) => ({ sql })))
  }

  async write(changes: readonly GroupChange[]): Promise<void> {
    await this.#database.write(statementsOf(changes, Math.floor(this.#clock.nowMs())))
  }

  async load(groupId: string): Promise<GroupMachine | null> {
    const [groups, ...rows] = await this.#database.write(
      [groupTable, ...classicTables, ...modernTables].map((sql) => ({ sql, values: [groupId] })),
    )
    const [group] = groups!
    if (!group) return null
    const committedAtMs = Number.NEGATIVE_INFINITY
    return group.kind === 'consumer'
      ? { kind: 'modern', state: modernGroupOf(rows.slice(classicTables.length)), committedAtMs }
      : { kind: 'classic', state: classicStateOf(groupId, group, rows), committedAtMs }
  }

  async withMembers(): Promise<readonly string[]> {
    const rows = await this.#rows({
      sql: 'SELECT group_id FROM classic_members UNION SELECT group_id FROM consumer_members',
    })
    return rows.map(({ group_id }) => String(group_id))
  }

  async list(): Promise<readonly StoredGroup[]> {
    const rows = await this.#rows({
      sql: 'SELECT group_id, kind, protocol_type, phase FROM groups',
    })
    return rows.map((row) => ({
      groupId: String(row.group_id),
      type: row.kind as StoredGroup['type'],
      protocolType: String(row.protocol_type ?? ''),
      phase: row.phase as StoredGroup['phase'],
    }))
  }

  async offsets(
    groupId: string,
    partitions: readonly OffsetPartition[] | null,
  ): Promise<readonly CommittedOffset[]> {
    if (partitions === null) {
      const sql = 'SELECT * FROM committed_offsets WHERE group_id = ?'
      return (await this.#rows({ sql, values: [groupId] })).map(offsetOf)
    }
    const asked = partitions.map(({ topicId, partition }) => [topicId, partition])
    const sql = `SELECT committed_offsets.* FROM json_each(?2) CROSS JOIN committed_offsets
      ON group_id = ?1 AND topic_id = value ->> 0 AND partition = value ->> 1`
    return (await this.#rows({ sql, values: [groupId, JSON.stringify(asked)] })).map(offsetOf)
  }

  async withOldOffsets(cutoffMs: number): Promise<readonly string[]> {
    const sql = 'SELECT group_id FROM groups WHERE offsets_since_ms <= ?'
    const rows = await this.#rows({ sql, values: [Math.floor(cutoffMs)] })
    return rows.map(({ group_id }) => String(group_id))
  }

  async hasOffsets(groupId: string): Promise<boolean> {
    const sql = `SELECT 1 FROM committed_offsets WHERE group_id = ?1
      UNION ALL SELECT 1 FROM pending_offsets WHERE group_id = ?1 LIMIT 1`
    return (await this.#rows({ sql, values: [groupId] })).length > 0
  }

  async #rows(statement: Statement): Promise<Row[]> {
    const [rows] = await this.#database.write([statement])
    return rows!
  }
}

const groupTable = 'SELECT * FROM groups WHERE group_id = ?'

const classicTables = [
  'SELECT * FROM classic_members WHERE group_id = ? ORDER BY number',
  'SELECT * FROM classic_member_protocols WHERE group_id = ? ORDER BY member_id, place',
]

const classicStateOf = (groupId: string, group: Row, tables: readonly Row[][]): ClassicState => {
  const [members = [], protocols = []] = tables
  const offered = Map.groupBy(protocols, ({ member_id }) => member_id)
  return classicFromRows({
    groupId,
    group: {
      phase: group.phase as ClassicPhase,
      generationId: Number(group.generation),
      protocolType: textOf(group.protocol_type),
      protocolName: textOf(group.protocol_name),
      leaderId: textOf(group.leader_id),
      emptySinceMs: numberOf(group.empty_since_ms),
    },
    members: members.map((row) => ({
      memberId: String(row.member_id),
      instanceId: textOf(row.instance_id),
      clientId: String(row.client_id),
      clientHost: String(row.client_host),
      sessionTimeoutMs: Number(row.session_timeout_ms),
      rebalanceTimeoutMs: Number(row.rebalance_timeout_ms),
      protocols: (offered.get(row.member_id!) ?? []).map(({ name, metadata }) => ({
        name: String(name),
        metadata: metadata as Uint8Array,
      })),
      assignment: row.assignment as Uint8Array,
    })),
  })
}

const offsetOf = (row: Row): CommittedOffset => ({
  topicId: String(row.topic_id),
  partition: Number(row.partition),
  offset: Number(row.committed_offset),
  leaderEpoch: Number(row.leader_epoch),
  metadata: String(row.metadata),
  committedAtMs: Number(row.committed_at_ms),
  expiresAtMs: numberOf(row.expires_at_ms),
})
