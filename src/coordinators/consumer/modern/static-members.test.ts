// Static members (KIP-345) in a group of the newer protocol (KIP-848).
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
  'a static member that comes back under a new id finds what it had, and nobody rebalances',
  `topics t:4
   a join t instance=1 → 1 t0 t1 t2 t3
   b join t instance=2 → 2 -
   a beat instance=1 → 1 t0 t1
   a beat t0 t1 instance=1 → 2
   b beat instance=2 → 2 t2 t3
   a pause instance=1 → -2
   b beat instance=2 → 2
   describe → Reconciling 2/2 uniform; a -2 [t0 t1] of [t0 t1]; b 2 [t2 t3] of [t2 t3]
   c join t instance=1 → 2 t0 t1
   b beat instance=2 → 2
   describe → Stable 2/2 uniform; b 2 [t2 t3] of [t2 t3]; c 2 [t0 t1] of [t0 t1]`,
)

scenario(
  'a static member that stays away is put out when its session ends',
  `topics t:2
   a join t instance=1 → 1 t0 t1
   b join t → 2 -
   a beat instance=1 → 1 t0
   a pause instance=1 → -2
   +30000
   b beat → 2 t1
   +15000
   b beat → 3 t0 t1`,
)

scenario(
  'a name in use is not given to another, and the replaced member is fenced',
  `topics t:1
   a join t instance=1 → 1 t0
   b join t instance=1 → UNRELEASED_INSTANCE_ID
   a pause instance=1 → -2
   b join t instance=1 → 1 t0
   a beat epoch=1 instance=1 → FENCED_INSTANCE_ID
   a beat epoch=1 → UNKNOWN_MEMBER_ID
   a pause instance=1 → FENCED_INSTANCE_ID
   a commits t0 epoch=1 instance=1 → FENCED_INSTANCE_ID
   b commits t0 instance=1 → ok
   c beat epoch=1 instance=2 → UNKNOWN_MEMBER_ID
   c leave instance=2 → UNKNOWN_MEMBER_ID`,
)

scenario(
  'a static member that leaves for good gives its partitions to the others',
  `topics t:2
   a join t instance=1 → 1 t0 t1
   b join t → 2 -
   a leave instance=1 → -1
   b beat → 3 t0 t1
   a join t instance=1 → 4 -`,
)

scenario(
  'a static member that comes back with another subscription starts a rebalance',
  `topics t:1 u:1
   a join t instance=1 → 1 t0
   a pause instance=1 → -2
   b join u instance=1 → 2 u0`,
)

scenario(
  'what an away member had to give up is free, and a full group takes it back',
  `set sizeMax 2
   topics t:2
   a join t instance=1 → 1 t0 t1
   b join t → 2 -
   a beat instance=1 → 1 t0
   a pause instance=1 → -2
   b beat → 2 t1
   c join t instance=1 → 2 t0
   d join t instance=3 → GROUP_MAX_SIZE_REACHED`,
)

scenario(
  'a static member is away across a load',
  `topics t:1
   a join t instance=1 → 1 t0
   a pause instance=1 → -2
   reload
   +44999
   b join t instance=1 → 1 t0
   +44999
   b beat instance=1 → 1`,
)
