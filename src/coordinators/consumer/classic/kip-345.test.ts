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
