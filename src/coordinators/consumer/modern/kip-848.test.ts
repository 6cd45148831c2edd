// What KIP-848 tells by example: partitions are given up before others get them, member by member.
import { deepEqual, equal } from 'node:assert/strict'
import { test } from 'node:test'
import { GroupTable } from '#testing'
import { groupFromRows, rowsOf } from './rows.ts'

const scenario = (title: string, text: string): void => {
  test(title, () => {
    const table = new GroupTable()
    equal(table.play(text), GroupTable.written(text))
    deepEqual(rowsOf(groupFromRows(rowsOf(table.group))), rowsOf(table.group))
  })
}

scenario(
  'a partition is held back until its owner says that it gave it up, however often others ask',
  `topics t:2
   a join t → 1 t0 t1
   b join t → 2 -
   b beat - → 2
   b beat - → 2
   a beat t0 t1 → 1 t0
   b beat - → 2
   a beat t0 t1 → 1
   b beat - → 2
   a beat t0 → 2
   b beat - → 2 t1`,
)

scenario(
  'partitions that nobody owns are given at once',
  `topics t:2
   a join t → 1 t0 t1
   topics t:4
   b join t → 2 t2 t3
   a beat t0 t1 → 2`,
)

scenario(
  'a load in the middle of a reconciliation gives nothing away',
  `topics t:2
   a join t → 1 t0 t1
   b join t → 2 -
   a beat → 1 t0
   reload
   b beat → 2
   a beat t0 → 2
   b beat → 2 t1`,
)

scenario(
  'a dynamic member that says -2 is refused, and a static one keeps its place',
  `topics t:1
   a join t instance=1 → 1 t0
   a pause instance=1 → -2
   b join t → 2 -
   b beat → 2
   b pause → INVALID_REQUEST
   c join t instance=1 → 2 t0`,
)
