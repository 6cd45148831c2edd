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
  'a first member gets everything, and learns it once',
  `topics t:3
   a join t → 1 t0 t1 t2
   a beat t0 t1 t2 → 1
   a beat → 1
   describe → Stable 1/1 uniform; a 1 [t0 t1 t2] of [t0 t1 t2]`,
)

// The example of KIP-848: three members come one after the other to a topic of six partitions.
scenario(
  'partitions pass from one member to the next without a stop of the others',
  `topics foo:6
   a join foo → 1 foo0 foo1 foo2 foo3 foo4 foo5
   b join foo → 2 -
   describe → Reconciling 2/2 uniform; a 1 [foo0 foo1 foo2 foo3 foo4 foo5] of [foo0 foo1 foo2]; b 2 [] of [foo3 foo4 foo5]
   a beat → 1 foo0 foo1 foo2
   a beat foo0 foo1 foo2 foo3 foo4 foo5 → 1
   b beat - → 2
   a beat foo0 foo1 foo2 → 2
   b beat → 2 foo3 foo4 foo5
   b beat foo3 foo4 foo5 → 2
   c join foo → 3 -
   a beat → 2 foo0 foo1
   b beat → 2 foo3 foo4
   b beat foo3 foo4 → 3
   c beat → 3 foo5
   a beat foo0 foo1 → 3
   c beat → 3 foo2 foo5
   c beat foo2 foo5 → 3
   describe → Stable 3/3 uniform; a 3 [foo0 foo1] of [foo0 foo1]; b 3 [foo3 foo4] of [foo3 foo4]; c 3 [foo2 foo5] of [foo2 foo5]`,
)

scenario(
  'what a member that leaves held goes to the others',
  `topics t:2
   a join t → 1 t0 t1
   b join t → 2 -
   a beat → 1 t0
   a beat t0 → 2
   b beat → 2 t1
   a leave → -1
   b beat → 3 t0 t1
   b leave → -1
   describe → Empty 4/3 uniform`,
)

scenario(
  'a member whose session ends is put out, and rejoins with nothing',
  `topics t:2
   a join t → 1 t0 t1
   b join t → 2 -
   +30000
   b beat → 2
   +20000
   a beat → UNKNOWN_MEMBER_ID
   b beat → 3 t0 t1
   a join t → 4 -`,
)

scenario(
  'a member that does not give up in its time is put out',
  `topics t:2
   a join t timeout=5000 → 1 t0 t1
   b join t → 2 -
   a beat → 1 t0
   +4999
   a beat → 1
   b beat → 2
   +1
   a beat → UNKNOWN_MEMBER_ID
   b beat → 3 t0 t1`,
)

scenario(
  'time to give up is not counted once everything was given up',
  `topics t:2
   a join t timeout=5000 → 1 t0 t1
   b join t → 2 -
   a beat → 1 t0
   a beat t0 → 2
   +6000
   a beat → 2`,
)

scenario(
  'an epoch that is not the member’s is fenced, the one before only while it fits',
  `topics t:2
   a beat epoch=1 → GROUP_ID_NOT_FOUND
   a join t → 1 t0 t1
   a beat epoch=2 → FENCED_MEMBER_EPOCH
   b beat epoch=1 → UNKNOWN_MEMBER_ID
   b join t → 2 -
   a beat → 1 t0
   a beat t0 → 2
   a beat t0 epoch=1 → 2
   a beat epoch=1 → FENCED_MEMBER_EPOCH
   a beat t0 t1 epoch=1 → FENCED_MEMBER_EPOCH
   b leave id=nobody → UNKNOWN_MEMBER_ID`,
)

scenario(
  'a member that says all of itself hears its assignment again',
  `topics t:1
   a join t → 1 t0
   a beat t0 topics=t timeout=1000 → 1 t0
   a beat topics=t timeout=1000 → 1 t0
   a beat topics=t → 1
   a join t → 1 t0`,
)

scenario(
  'topics that come, grow and go change what members own',
  `topics t:1
   a join t u → 1 t0
   topics t:1 u:1
   a beat t0 → 2 t0 u0
   topics t:2 u:1
   a beat t0 u0 → 3 t0 t1 u0
   topics t:2
   a beat t0 t1 u0 → 3 t0 t1
   a beat t0 t1 → 4
   topics t:2 x:1
   a beat t0 t1 → 4`,
)

scenario(
  'what a member no longer subscribes to is taken from it at once',
  `set assignmentIntervalMs 1000
   topics t:1 u:1
   a join t u → 1 t0 u0
   a beat topics=t t0 u0 → 1 t0
   a beat t0 → 1
   +1000
   a beat t0 → 2
   describe → Stable 2/2 uniform; a 2 [t0] of [t0]`,
)

scenario(
  'a target is computed at most once in its interval',
  `set assignmentIntervalMs 1000
   topics t:2
   a join t → 1 t0 t1
   b join t → 1 -
   describe → Assigning 2/1 uniform; a 1 [t0 t1] of [t0 t1]; b 1 [] of []
   +999
   a beat → 1
   +1
   a beat → 1 t0
   a beat t0 → 2
   b beat → 2 t1`,
)

scenario(
  'most members choose the assignor',
  `topics t:2 u:2
   a join t u assignor=range → 1 t0 t1 u0 u1
   b join t u assignor=range → 2 -
   describe → Reconciling 2/2 range; a 1 [t0 t1 u0 u1] of [t0 u0]; b 2 [] of [t1 u1]
   c join t assignor=sticky → UNSUPPORTED_ASSIGNOR`,
)

scenario(
  'a full group takes nobody more',
  `set sizeMax 1
   topics t:1
   a join t → 1 t0
   b join t → GROUP_MAX_SIZE_REACHED
   a join t → 1 t0`,
)

scenario(
  'sessions start anew after a load',
  `topics t:2
   a join t timeout=5000 → 1 t0 t1
   b join t → 2 -
   a beat → 1 t0
   +4000
   reload
   +4000
   a beat → 1
   +1000
   a beat → UNKNOWN_MEMBER_ID
   b beat → 3 t0 t1
   reload
   +44999
   b beat → 3
   reload
   +45000
   b beat → UNKNOWN_MEMBER_ID`,
)

scenario(
  'fields that contradict each other are refused',
  `topics t:1
   a join t id= → INVALID_REQUEST
   a join t group= → INVALID_REQUEST
   a join t instance= → INVALID_REQUEST
   a join t rack= → INVALID_REQUEST
   a join t timeout=-1 → INVALID_REQUEST
   a join t owned=t0 → INVALID_REQUEST
   a join nameless=1 → INVALID_REQUEST
   a beat epoch=-2 → INVALID_REQUEST
   a beat epoch=-3 instance=i → INVALID_REQUEST
   a beat epoch=1 id= version=0 → INVALID_REQUEST
   x join t id= version=0 → 1 t0
   describe → Stable 1/1 uniform; made-11 1 [t0] of [t0]
   a join → 2 -`,
)

scenario(
  'offsets are committed and read by members of the right epoch',
  `topics t:2
   a commits epoch=-1 → ok
   a join t → 1 t0 t1
   a commits t0 → ok
   a commits epoch=-1 → STALE_MEMBER_EPOCH
   x commits epoch=1 → UNKNOWN_MEMBER_ID
   a commits version=8 → UNSUPPORTED_VERSION
   a commits t0 epoch=2 → STALE_MEMBER_EPOCH
   a fetches → ok
   a fetches epoch=2 → STALE_MEMBER_EPOCH
   x fetches epoch=1 → UNKNOWN_MEMBER_ID
   b join t → 2 -
   a beat → 1 t0
   a beat t0 → 2
   a commits t0 epoch=1 → ok
   a commits t0 t1 epoch=1 → STALE_MEMBER_EPOCH
   a commits epoch=1 → STALE_MEMBER_EPOCH`,
)
