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

scenario(
  'members that join while another is slow to give up wait for it, and all settle in one epoch',
  `topics t:6
   a join t → 1 t0 t1 t2 t3 t4 t5
   b join t → 2 -
   a beat → 1 t0 t1 t2
   c join t → 3 -
   a beat t0 t1 t2 t3 t4 t5 → 1
   b beat - → 3
   c beat - → 3
   a beat t0 t1 t2 → 1 t0 t1
   a beat t0 t1 → 3
   b beat - → 3 t3 t4
   c beat - → 3 t2 t5
   describe → Stable 3/3 uniform; a 3 [t0 t1] of [t0 t1]; b 3 [t3 t4] of [t3 t4]; c 3 [t2 t5] of [t2 t5]`,
)

scenario(
  'a member that is slow to give up, but in time, is not put out',
  `topics t:2
   a join t timeout=5000 → 1 t0 t1
   b join t → 2 -
   a beat → 1 t0
   +4999
   a beat t0 t1 → 1
   b beat - → 2
   a beat t0 → 2
   b beat - → 2 t1`,
)

scenario(
  'a member that is fenced gives up all, rejoins, and finds what it had',
  `topics t:4
   a join t → 1 t0 t1 t2 t3
   b join t → 2 -
   a beat → 1 t0 t1
   a beat t0 t1 → 2
   b beat → 2 t2 t3
   a beat epoch=9 → FENCED_MEMBER_EPOCH
   a join t → 2 t0 t1
   b beat t2 t3 → 2
   describe → Stable 2/2 uniform; a 2 [t0 t1] of [t0 t1]; b 2 [t2 t3] of [t2 t3]`,
)

scenario(
  'a member that is fenced while it must give up has given up by rejoining',
  `topics t:4
   a join t → 1 t0 t1 t2 t3
   b join t → 2 -
   a beat → 1 t0 t1
   b beat - → 2
   a beat epoch=7 t0 t1 t2 t3 → FENCED_MEMBER_EPOCH
   a join t → 2 t0 t1
   b beat - → 2 t2 t3`,
)

scenario(
  'a member that was put out is given what others can spare when it rejoins',
  `topics t:4
   a join t → 1 t0 t1 t2 t3
   b join t → 2 -
   a beat → 1 t0 t1
   a beat t0 t1 → 2
   b beat → 2 t2 t3
   +30000
   b beat t2 t3 → 2
   +15000
   a beat t0 t1 → UNKNOWN_MEMBER_ID
   b beat t2 t3 → 3 t0 t1 t2 t3
   a join t → 4 -
   b beat → 3 t0 t1
   a beat - → 4
   b beat t0 t1 → 4
   a beat - → 4 t2 t3`,
)

scenario(
  'a static member that goes while it must give up has given up, and keeps the rest',
  `topics t:4
   a join t instance=i → 1 t0 t1 t2 t3
   b join t instance=j → 2 -
   a beat instance=i → 1 t0 t1
   a pause instance=i → -2
   b beat - instance=j → 2 t2 t3
   c join t instance=i → 2 t0 t1
   b beat instance=j → 2`,
)

scenario(
  'a static member that goes while it waits for partitions is given them when it is back',
  `topics t:4
   a join t instance=i → 1 t0 t1 t2 t3
   b join t instance=j → 2 -
   a beat instance=i → 1 t0 t1
   b pause instance=j → -2
   a beat t0 t1 instance=i → 2
   c join t instance=j → 2 t2 t3
   a beat instance=i → 2`,
)

scenario(
  'what a static member holds that is away is held back, also when the group goes on',
  `topics t:4
   a join t instance=i → 1 t0 t1 t2 t3
   a pause instance=i → -2
   topics t:6
   b join t → 2 t4 t5
   b beat - → 2
   c join t instance=i → 2 t0 t1 t2
   b beat → 2 t3 t4 t5
   describe → Stable 2/2 uniform; b 2 [t3 t4 t5] of [t3 t4 t5]; c 2 [t0 t1 t2] of [t0 t1 t2]`,
)

scenario(
  'the new partitions of a topic that grows are shared, and nobody gives any up',
  `topics t:2
   a join t → 1 t0 t1
   b join t → 2 -
   a beat → 1 t0
   a beat t0 → 2
   b beat → 2 t1
   topics t:4
   a beat t0 → 3 t0 t2
   b beat t1 → 3 t1 t3
   describe → Stable 3/3 uniform; a 3 [t0 t2] of [t0 t2]; b 3 [t1 t3] of [t1 t3]`,
)

scenario(
  'a pattern takes part of what another pattern matched, and gives it back when its member leaves',
  `topics foo:2 bar:2
   a join regex=foo|bar → 1 bar0 bar1 foo0 foo1
   b join regex=b.* → 2 -
   a beat → 1 foo0 foo1
   a beat foo0 foo1 → 2
   b beat - → 2 bar0 bar1
   topics foo:2 bar:2 baz:2
   +10000
   b beat bar0 bar1 → 2 bar0
   b beat bar0 → 3 bar0 baz0 baz1
   a beat foo0 foo1 → 3 bar1 foo0 foo1
   b leave → -1
   a beat bar1 foo0 foo1 → 4 bar0 bar1 foo0 foo1
   describe → Stable 4/4 uniform; a 4 [bar0 bar1 foo0 foo1] of [bar0 bar1 foo0 foo1]`,
)
