// The SQL that each event of a group of the newer protocol becomes (KIP-848).
import {
  type ModernTable,
  modernTableKeys,
  type RowChange,
  rowChangesOf,
  type StoredModernEvent,
} from '#coordinators'
import type { SqlValue, Statement } from '#world'

const tableNames: Readonly<Record<ModernTable, string>> = {
  group: 'consumer_groups',
  member: 'consumer_members',
  held: 'consumer_held_partitions',
  target: 'consumer_target_partitions',
  regex: 'consumer_patterns',
}

/** The statements that store an event; a group that begins or ends has its row among all groups besides. */
export const modernStatements = (
  groupId: string,
  event: StoredModernEvent,
  nowMs: number,
): Statement[] => {
  const statements = inRuns(rowChangesOf(event).map((change) => rowStatement(groupId, change)))
  if (event.kind === 'groupChanged') statements.push({ sql: putGroup, values: [groupId, nowMs] })
  if (event.kind === 'groupRemoved')
    statements.push({ sql: 'DELETE FROM groups WHERE group_id = ?', values: [groupId] })
  return statements
}

/** Deletes all that only a group of the newer protocol has. */
export const modernRowsGone = (groupId: string): Statement[] =>
  Object.values(tableNames).map((table) => ({
    sql: `DELETE FROM ${table} WHERE group_id = ?`,
    values: [groupId],
  }))

/** What its phase is can be told from its members; a group that is not in memory has none. */
const putGroup = `INSERT INTO groups
  VALUES (?1, 'consumer', 'Empty', 0, 'consumer', NULL, NULL, NULL, ?2)
  ON CONFLICT DO UPDATE SET kind = 'consumer', phase = 'Empty', generation = 0,
    protocol_type = 'consumer', protocol_name = NULL, leader_id = NULL, empty_since_ms = NULL
    WHERE kind <> 'consumer'`

interface RowStatement {
  readonly sql: string
  readonly values: readonly SqlValue[]
}

/** Statements of one text that follow each other become runs of one. */
const inRuns = (rows: readonly RowStatement[]): Statement[] => {
  const statements: { sql: string; runs: (readonly SqlValue[])[] }[] = []
  for (const { sql, values } of rows) {
    const last = statements.at(-1)
    if (last?.sql === sql) last.runs.push(values)
    else statements.push({ sql, runs: [values] })
  }
  return statements
}

const rowStatement = (groupId: string, change: RowChange): RowStatement => {
  if (change.kind === 'delete') {
    const names = Object.keys(change.where)
    return {
      sql: textOf(`delete ${change.table} ${names}`, () => deletion(change.table, names)),
      values: [groupId, ...Object.values(change.where)],
    }
  }
  const names = Object.keys(change.columns)
  return {
    sql: textOf(`put ${change.table} ${names}`, () => insertion(change.table, names)),
    values: [
      groupId,
      ...modernTableKeys[change.table].map((key) => change.key[key]!),
      ...Object.values(change.columns),
    ],
  }
}

/** The texts that were made before: there are as many as there are kinds of changes. */
const texts = new Map<string, string>()

const textOf = (kind: string, make: () => string): string => {
  let text = texts.get(kind)
  if (text === undefined) {
    text = make()
    texts.set(kind, text)
  }
  return text
}

const deletion = (table: ModernTable, names: readonly string[]): string => {
  const where = ['groupId', ...names].map((name) => `${columnOf(name)} = ?`)
  return `DELETE FROM ${tableNames[table]} WHERE ${where.join(' AND ')}`
}

const insertion = (table: ModernTable, names: readonly string[]): string => {
  const keys = ['groupId', ...modernTableKeys[table]]
  const all = [...keys, ...names]
  const update = names.map((name) => `${columnOf(name)} = excluded.${columnOf(name)}`)
  return `INSERT INTO ${tableNames[table]} (${all.map(columnOf).join(', ')})
    VALUES (${all.map(() => '?').join(', ')}) ON CONFLICT (${keys.map(columnOf).join(', ')}) DO ${
      update.length > 0 ? `UPDATE SET ${update.join(', ')}` : 'NOTHING'
    }`
}

/** `memberId` is `member_id` in the tables. */
const columnOf = (name: string): string =>
  name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
