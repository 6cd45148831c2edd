// What KIP-345 tells of static members case by case: join, come back, be fenced, be taken over, leave.
import { equal } from 'node:assert/strict'
import { test } from 'node:test'
import { ClassicTable } from '#testing'

const tableTest = (title: string, text: string): void => {
  test(title, () => {
    equal(new ClassicTable().play(text), ClassicTable.written(text))
  })
}

tableTest(
  'a static member that is not known yet calls all others',
  `
  a join range instance=i → a 1 range leads [a=a-range]
  a sync a=0 instance=i → gets [0]
  b join range instance=j → waits
  a beat instance=i → REBALANCE_IN_PROGRESS
  a join range instance=i → a 2 range leads [a=a-range b=b-range]; b: b 2 range follows a
  `,
)

tableTest(
  'a static member asks for no id first, since its name is enough',
  `
  a join range ask instance=i → a 1 range leads [a=a-range]
  `,
)

tableTest(
  'a known name with an id that is not its own is fenced in each request',
  `
  a join range instance=i → a 1 range leads [a=a-range]
  a sync a=0 instance=i → gets [0]
  a join range id=x instance=i → FENCED_INSTANCE_ID
  a sync id=x instance=i → FENCED_INSTANCE_ID
  a beat id=x instance=i → FENCED_INSTANCE_ID
  a commit id=x instance=i → FENCED_INSTANCE_ID
  leave x:i → FENCED_INSTANCE_ID
  a beat instance=i → ok
  `,
)

tableTest(
  'a name that nobody has is not known, whoever comes with it',
  `
  a join range instance=i → a 1 range leads [a=a-range]
  a sync a=0 instance=i → gets [0]
  a join range instance=j → UNKNOWN_MEMBER_ID
  a sync instance=j → UNKNOWN_MEMBER_ID
  a beat instance=j → UNKNOWN_MEMBER_ID
  a commit instance=j → UNKNOWN_MEMBER_ID
  leave a:j → UNKNOWN_MEMBER_ID
  `,
)

tableTest(
  'a static follower that comes back as it was calls nobody, however often',
  `
  a join range instance=i → a 1 range leads [a=a-range]
  b join range instance=j → waits
  a join range instance=i → a 2 range leads [a=a-range b=b-range]; b: b 2 range follows a
  a sync a=0 b=1 → gets [0]
  b sync → gets [1]
  b join range id=- instance=j → b2 2 range follows a
  a beat → ok
  b join range id=- instance=j → b3 2 range follows a
  a beat → ok
  `,
)

tableTest(
  'static members that are taken out by name call those who stay',
  `
  a join range instance=i → a 1 range leads [a=a-range]
  b join range instance=j → waits
  a join range instance=i → a 2 range leads [a=a-range b=b-range]; b: b 2 range follows a
  a sync a=0 b=1 → gets [0]
  b sync → gets [1]
  leave instance:j instance:k → NONE UNKNOWN_MEMBER_ID
  a beat → REBALANCE_IN_PROGRESS
  b beat instance=j → UNKNOWN_MEMBER_ID
  `,
)

tableTest(
  'a static follower that is started again with other metadata calls nobody, and is shown with them',
  `
  a join range instance=i → a 1 range leads [a=a-range]
  b join range instance=j → waits
  a join range instance=i → a 2 range leads [a=a-range b=b-range]; b: b 2 range follows a
  a sync a=0 b=1 → gets [0]
  b sync → gets [1]
  b join range id=- instance=j metadata=new → b2 2 range follows a
  a beat → ok
  describe → Stable consumer/range; a [a-range] [0]; b2 [new] [1]
  b sync → gets [1]
  `,
)

tableTest(
  'a static member that keeps its id and says other metadata calls all',
  `
  a join range instance=i → a 1 range leads [a=a-range]
  b join range instance=j → waits
  a join range instance=i → a 2 range leads [a=a-range b=b-range]; b: b 2 range follows a
  a sync a=0 b=1 → gets [0]
  b sync → gets [1]
  b join range instance=j metadata=new → waits
  a beat → REBALANCE_IN_PROGRESS
  a join range instance=i → a 3 range leads [a=a-range b=new]; b: b 3 range follows a
  a sync a=1 b=0 → gets [1]
  b sync → gets [0]
  `,
)

tableTest(
  'a leader that was started again asks for another assignment by joining once more (KIP-814)',
  `
  a join range instance=i → a 1 range leads [a=a-range]
  b join range instance=j → waits
  a join range instance=i → a 2 range leads [a=a-range b=b-range]; b: b 2 range follows a
  a sync a=0 b=1 → gets [0]
  b sync → gets [1]
  a join range id=- instance=i metadata=new skip → a2 2 range leads [b=b-range a2=new] skipping
  b beat → ok
  a sync → gets [0]
  a join range metadata=newer instance=i → waits
  b beat → REBALANCE_IN_PROGRESS
  b join range instance=j → b 3 range follows a2; a: a2 3 range leads [b=b-range a2=newer]
  `,
)

tableTest(
  'an id and a name of two members fit nobody, and neither goes',
  `
  a join range instance=i → a 1 range leads [a=a-range]
  b join range instance=j → waits
  a join range instance=i → a 2 range leads [a=a-range b=b-range]; b: b 2 range follows a
  a sync a=0 b=1 → gets [0]
  b sync → gets [1]
  leave b:i → FENCED_INSTANCE_ID
  leave a:j → FENCED_INSTANCE_ID
  leave a:k → UNKNOWN_MEMBER_ID
  leave x → UNKNOWN_MEMBER_ID
  describe → Stable consumer/range; a [a-range] [0]; b [b-range] [1]
  `,
)

tableTest(
  'a static member may be taken out by its id alone, by its name alone, and by both',
  `
  a join range instance=i → a 1 range leads [a=a-range]
  b join range instance=j → waits
  a join range instance=i → a 2 range leads [a=a-range b=b-range]; b: b 2 range follows a
  a sync a=0 b=1 → gets [0]
  b sync → gets [1]
  c join range instance=k → waits
  a join range instance=i → waits
  b join range instance=j → b 3 range follows a; a: a 3 range leads [a=a-range b=b-range c=c-range]; c: c 3 range follows a
  leave a instance:j c:k → NONE NONE NONE
  describe → Empty consumer/
  `,
)

tableTest(
  'a static member that stays away past its session calls the others, and comes back as a new one',
  `
  a join range instance=i session=30000 → a 1 range leads [a=a-range]
  b join range → waits
  a join range instance=i session=30000 → a 2 range leads [a=a-range b=b-range]; b: b 2 range follows a
  a sync a=0 b=1 → gets [0]
  b sync → gets [1]
  +9000
  b beat → ok
  +9000
  b beat → ok
  +9000
  b beat → ok
  +2999
  b beat → ok
  +1
  b beat → REBALANCE_IN_PROGRESS
  a beat instance=i → UNKNOWN_MEMBER_ID
  a join range id=- instance=i → waits
  b join range → b 3 range leads [b=b-range a2=a-range]; a: a2 3 range follows b
  `,
)

tableTest(
  'a static member started again while all are called is waited for under its new id',
  `
  a join range instance=i → a 1 range leads [a=a-range]
  a sync a=0 → gets [0]
  b join range → waits
  a join range id=- instance=i → a2 2 range leads [b=b-range a2=a-range]; b: b 2 range follows a2
  a beat id=a gen=1 instance=i → FENCED_INSTANCE_ID
  `,
)

tableTest(
  'a static leader started again before it has assigned calls all once more',
  `
  a join range instance=i → a 1 range leads [a=a-range]
  b join range instance=j → waits
  a join range instance=i → a 2 range leads [a=a-range b=b-range]; b: b 2 range follows a
  b sync → waits
  a join range id=- instance=i → waits; b: REBALANCE_IN_PROGRESS
  b join range instance=j → b 3 range follows a2; a: a2 3 range leads [b=b-range a2=a-range]
  a sync a2=0 b=1 → gets [0]
  b sync → gets [1]
  `,
)

tableTest(
  'a name that was taken out of an emptied group joins it as a new one',
  `
  a join range instance=i → a 1 range leads [a=a-range]
  a sync a=0 → gets [0]
  leave instance:i → NONE
  describe → Empty consumer/
  a join range id=- instance=i → a2 3 range leads [a2=a-range]
  `,
)

tableTest(
  'names are known after a load of a stable group',
  `
  a join range instance=i → a 1 range leads [a=a-range]
  b join range instance=j → waits
  a join range instance=i → a 2 range leads [a=a-range b=b-range]; b: b 2 range follows a
  a sync a=0 b=1 → gets [0]
  b sync → gets [1]
  reload
  b join range id=- instance=j → b2 2 range follows a
  a beat → ok
  b sync → gets [1]
  a join range id=x instance=i → FENCED_INSTANCE_ID
  `,
)

tableTest(
  'names are known after a load in the middle of a generation without assignments',
  `
  a join range instance=i → a 1 range leads [a=a-range]
  b join range instance=j → waits
  a join range instance=i → a 2 range leads [a=a-range b=b-range]; b: b 2 range follows a
  reload
  b join range id=- instance=j → waits
  a beat → REBALANCE_IN_PROGRESS
  a join range instance=i → a 3 range leads [a=a-range b2=b-range]; b: b2 3 range follows a
  a sync a=0 b2=1 → gets [0]
  b sync → gets [1]
  `,
)

tableTest(
  'names are known after a load of a group that was calling its members',
  `
  a join range instance=i → a 1 range leads [a=a-range]
  a sync a=0 → gets [0]
  b join range → waits
  reload
  a join range id=- instance=i → waits
  +60000 → a: a2 2 range leads [a2=a-range]
  a sync a2=0 → gets [0]
  `,
)
