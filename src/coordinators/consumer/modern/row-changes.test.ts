import { deepEqual, equal } from 'node:assert/strict'
import { test } from 'node:test'
import { GroupTable } from '#testing'
import { type Columns, type ModernTable, modernTableKeys, rowChangesOf } from './row-changes.ts'
import { rowsOf } from './rows.ts'

/** Tables as a database would keep them, by the text of their keys. */
class Tables {
  readonly #tables = new Map<ModernTable, Map<string, Columns>>(
    (Object.keys(modernTableKeys) as ModernTable[]).map((table) => [table, new Map()]),
  )

  take(changes: ReturnType<typeof rowChangesOf>): void {
    for (const change of changes) {
      const table = this.#tables.get(change.table)!
      if (change.kind === 'put') {
        deepEqual(Object.keys(change.key), modernTableKeys[change.table])
        const key = JSON.stringify(change.key)
        table.set(key, { ...table.get(key), ...change.key, ...change.columns })
        continue
      }
      for (const [key, row] of [...table])
        if (Object.entries(change.where).every(([name, value]) => row[name] === value))
          table.delete(key)
    }
  }

  rows(table: ModernTable): Columns[] {
    return [...this.#tables.get(table)!.values()]
  }
}

test('the changes of rows make the same rows as the group', () => {
  const tables = new Tables()
  const table = new GroupTable()
  table.onEvent = (event) => tables.take(rowChangesOf(event))
  table.play(`topics t:4 u:2
    a join t instance=1
    b join regex=t|u
    a beat instance=1
    a beat t0 t1 instance=1
    b beat
    a pause instance=1
    c join t instance=1
    b leave
    d join u
    c beat instance=1`)
  const rows = rowsOf(table.group)
  const sorted = (list: readonly object[]): string[] => list.map(sortedJson).sort()
  deepEqual(sorted(tables.rows('target')), sorted(rows.targets))
  deepEqual(
    sorted(tables.rows('held').map((row) => ({ ...row, revoking: row.revoking === 1 }))),
    sorted(rows.held),
  )
  deepEqual(
    sorted(tables.rows('regex')),
    sorted(
      rows.regexes.map(({ pattern, topics }) => ({ pattern, topicsJson: JSON.stringify(topics) })),
    ),
  )
  const { groupId, ...group } = rows.group
  equal(groupId, 'g')
  deepEqual(sorted(tables.rows('group')), sorted([group]))
  deepEqual(
    sorted(tables.rows('member')),
    sorted(
      rows.members.map(({ topicNames, classic, ...row }) => ({
        ...row,
        topicNamesJson: JSON.stringify(topicNames),
        classicJson: classic && JSON.stringify(classic),
      })),
    ),
  )
})

test('a deleted group leaves no rows', () => {
  const tables = new Tables()
  const table = new GroupTable()
  table.onEvent = (event) => tables.take(rowChangesOf(event))
  table.play('topics t:2')
  equal(table.play('delete'), 'delete → GROUP_ID_NOT_FOUND')
  table.play('a join regex=t')
  equal(table.play('delete'), 'delete → NON_EMPTY_GROUP')
  table.play('a leave')
  equal(table.play('delete'), 'delete → ok')
  for (const name of Object.keys(modernTableKeys) as ModernTable[]) deepEqual(tables.rows(name), [])
  equal(table.play('a join t'), 'a join t → 1 t0 t1')
})

const sortedJson = (row: object): string =>
  JSON.stringify(Object.entries(row).sort(([left], [right]) => (left < right ? -1 : 1)))
