import { equal } from 'node:assert/strict'
import { test } from 'node:test'
import { ClassicTable } from '#testing'

const tableTest = (title: string, text: string): void => {
  test(title, () => {
    equal(new ClassicTable().play(text), ClassicTable.written(text))
  })
}

tableTest(
  'a static member that is started again takes its place, and nobody notices (KIP-345)',
  `
  a join range instance=i → a 1 range leads [a=a-range]
  b join range instance=j → waits
  a join range instance=i → a 2 range leads [a=a-range b=b-range]; b: b 2 range follows a
  a sync a=0 b=1 instance=i → gets [0]
  b sync instance=j → gets [1]
  b join range id=- instance=j → b2 2 range follows a
  b sync → gets [1]
  a beat → ok
  b beat id=b gen=2 instance=j → FENCED_INSTANCE_ID
  b sync id=b gen=2 instance=j → FENCED_INSTANCE_ID
  b commit id=b gen=2 instance=j → FENCED_INSTANCE_ID
  b commit gen=2 instance=j → ok
  b beat id=b2 gen=2 instance=k → UNKNOWN_MEMBER_ID
  `,
)

tableTest(
  'a static leader that is started again keeps the lead without assigning (KIP-814)',
  `
  a join range instance=i → a 1 range leads [a=a-range]
  b join range → waits
  a join range instance=i → a 2 range leads [a=a-range b=b-range]; b: b 2 range follows a
  a sync a=0 b=1 → gets [0]
  b sync → gets [1]
  a join range id=- instance=i skip → a2 2 range leads [b=b-range a2=a-range] skipping
  a join range id=- instance=i → a3 2 range follows a2
  a beat instance=i → ok
  b beat → ok
  a sync instance=i → gets [0]
  `,
)

tableTest(
  'a static member taken over in the middle fences who waited',
  `
  a join range instance=i → a 1 range leads [a=a-range]
  b join range instance=j → waits
  b join range id=- instance=j → waits; b: FENCED_INSTANCE_ID
  a join range instance=i → a 2 range leads [a=a-range b2=b-range]; b: b2 2 range follows a
  b sync → waits
  b join range id=- instance=j → waits; b: FENCED_INSTANCE_ID
  a join range instance=i → a 3 range leads [a=a-range b3=b-range]; b: b3 3 range follows a
  a sync a=0 b3=1 → gets [0]
  `,
)

tableTest(
  'a static member that came back with other protocols may start a rebalance',
  `
  a join range sticky instance=i → a 1 range leads [a=a-range]
  b join sticky range instance=j → waits
  a join sticky range instance=i → a 2 sticky leads [a=a-sticky b=b-sticky]; b: b 2 sticky follows a
  a sync a=0 b=1 → gets [0]
  b sync → gets [1]
  a join range sticky id=- instance=i → a2 2 sticky follows a
  b beat → ok
  a join range id=- instance=i → waits
  b beat → REBALANCE_IN_PROGRESS
  `,
)

tableTest(
  'static members that are away stay until their session is over',
  `
  a join range instance=i session=30000 → a 1 range leads [a=a-range]
  b join range → waits
  a join range instance=i session=30000 → a 2 range leads [a=a-range b=b-range]; b: b 2 range follows a
  a sync a=0 b=1 → gets [0]
  b sync → gets [1]
  c join range → waits
  b join range → waits
  +10000
  +20000 → b: b 3 range leads [b=b-range c=c-range]; c: c 3 range follows b
  `,
)

tableTest(
  'static members are taken out by their names (KIP-345)',
  `
  a join range instance=i → a 1 range leads [a=a-range]
  a sync a=0 → gets [0]
  leave instance:j → UNKNOWN_MEMBER_ID
  leave x:i → FENCED_INSTANCE_ID
  leave instance:i a → NONE UNKNOWN_MEMBER_ID
  describe → Empty consumer/
  `,
)
