import { equal } from 'node:assert/strict'
import { test } from 'node:test'
import { ClassicTable } from '#testing'

const tableTest = (title: string, text: string): void => {
  test(title, () => {
    equal(new ClassicTable().play(text), ClassicTable.written(text))
  })
}

tableTest(
  'the first member leads, and each gets what the leader gives it',
  `
  a join range → a 1 range leads [a=a-range]
  a sync a=0,1 → gets [0,1]
  a beat → ok
  b join range → waits
  a beat → REBALANCE_IN_PROGRESS
  a join range → a 2 range leads [a=a-range b=b-range]; b: b 2 range follows a
  b beat → ok
  b sync → waits
  a sync a=0 b=1 → gets [0]; b: gets [1]
  b sync → gets [1]
  describe → Stable consumer/range; a [a-range] [0]; b [b-range] [1]
  `,
)

tableTest(
  'a new member of JoinGroup 4 is given an id, and others wait for it (KIP-394)',
  `
  a join range → a 1 range leads [a=a-range]
  a sync a=0 → gets [0]
  b join range ask → MEMBER_ID_REQUIRED b
  a beat → ok
  c join range → waits
  a join range → waits
  b join range → b 2 range follows a; a: a 2 range leads [a=a-range c=c-range b=b-range]; c: c 2 range follows a
  a sync a=0 b=1 c=2 → gets [0]
  b sync → gets [1]
  `,
)

tableTest(
  'an id that is not used in time delays nobody any longer',
  `
  a join range → a 1 range leads [a=a-range]
  a sync a=0 → gets [0]
  b join range ask → MEMBER_ID_REQUIRED b
  c join range → waits
  a join range → waits
  +10000 → a: a 2 range leads [a=a-range c=c-range]; c: c 2 range follows a
  b join range → UNKNOWN_MEMBER_ID
  `,
)

tableTest(
  'the first rebalance waits for others, longer for each that comes, up to the rebalance timeout',
  `
  set initialRebalanceDelayMs 3000
  a join range rebalance=7000 → waits
  +2000
  b join range rebalance=7000 → waits
  +1000
  +2999
  c join range rebalance=7000 → waits
  +1
  +999
  +1 → a: a 1 range leads [a=a-range b=b-range c=c-range]; b: b 1 range follows a; c: c 1 range follows a
  `,
)

tableTest(
  'members have to share a protocol, and most votes choose it',
  `
  a join range roundrobin → a 1 range leads [a=a-range]
  b join roundrobin → waits
  b join sticky → INCONSISTENT_GROUP_PROTOCOL
  a join range roundrobin → a 2 roundrobin leads [a=a-roundrobin b=b-roundrobin]; b: b 2 roundrobin follows a
  c join sticky → INCONSISTENT_GROUP_PROTOCOL
  c join roundrobin type=connect → INCONSISTENT_GROUP_PROTOCOL
  d join → INCONSISTENT_GROUP_PROTOCOL
  d join range type= → INCONSISTENT_GROUP_PROTOCOL
  d join roundrobin range → waits
  `,
)

tableTest(
  'protocols are chosen by votes of what all support',
  `
  set initialRebalanceDelayMs 100
  a join range sticky → waits
  b join sticky range → waits
  c join sticky range → waits
  +100
  +100 → a: a 1 sticky leads [a=a-sticky b=b-sticky c=c-sticky]; b: b 1 sticky follows a; c: c 1 sticky follows a
  `,
)

tableTest(
  'who does not come again in time is put out',
  `
  a join range → a 1 range leads [a=a-range]
  a sync a=0 → gets [0]
  b join range → waits
  a join range → a 2 range leads [a=a-range b=b-range]; b: b 2 range follows a
  b sync → waits
  a sync a=0 b=1 → gets [0]; b: gets [1]
  c join range → waits
  a join range → waits
  +8000
  a beat → REBALANCE_IN_PROGRESS
  b beat → REBALANCE_IN_PROGRESS
  +60000 → a: a 3 range leads [a=a-range c=c-range]; c: c 3 range follows a
  c sync → waits
  a sync → gets []; c: gets []
  b beat → UNKNOWN_MEMBER_ID
  `,
)

tableTest(
  'a leader that dies in the middle is followed by another',
  `
  a join range → a 1 range leads [a=a-range]
  b join range → waits
  a join range → a 2 range leads [a=a-range b=b-range]; b: b 2 range follows a
  b sync → waits
  +9999
  +1 → b: REBALANCE_IN_PROGRESS
  b join range → b 3 range leads [b=b-range]
  b sync b=0,1 → gets [0,1]
  a beat → UNKNOWN_MEMBER_ID
  `,
)

tableTest(
  'a leader that leaves before it has assigned',
  `
  a join range → a 1 range leads [a=a-range]
  b join range → waits
  a join range → a 2 range leads [a=a-range b=b-range]; b: b 2 range follows a
  b sync → waits
  leave a → NONE; b: REBALANCE_IN_PROGRESS
  b join range → b 3 range leads [b=b-range]
  b sync b=0 → gets [0]
  `,
)

tableTest(
  'members that never ask for their assignment are put out',
  `
  a join range rebalance=5000 → a 1 range leads [a=a-range]
  a sync a=0 → gets [0]
  b join range rebalance=5000 → waits
  a join range rebalance=5000 → a 2 range leads [a=a-range b=b-range]; b: b 2 range follows a
  a sync a=0 b=1 → gets [0]
  +4999
  a beat → ok
  +1
  a beat → REBALANCE_IN_PROGRESS
  a join range → a 3 range leads [a=a-range]
  a sync a=0 → gets [0]
  `,
)

tableTest(
  'a session that ends calls the others',
  `
  a join range → a 1 range leads [a=a-range]
  a sync a=0 → gets [0]
  b join range → waits
  a join range → a 2 range leads [a=a-range b=b-range]; b: b 2 range follows a
  a sync a=0 b=1 → gets [0]
  b sync → gets [1]
  +6000
  a beat → ok
  +4000
  a beat → REBALANCE_IN_PROGRESS
  b beat → UNKNOWN_MEMBER_ID
  a join range → a 3 range leads [a=a-range]
  `,
)

tableTest(
  'a follower that comes again as it was is told what holds; a leader calls all',
  `
  a join range → a 1 range leads [a=a-range]
  b join range → waits
  a join range → a 2 range leads [a=a-range b=b-range]; b: b 2 range follows a
  b join range → b 2 range follows a
  a join range → a 2 range leads [a=a-range b=b-range]
  a sync a=0 b=1 → gets [0]
  b sync → gets [1]
  b join range → b 2 range follows a
  a join range → waits
  b beat → REBALANCE_IN_PROGRESS
  b join range → b 3 range follows a; a: a 3 range leads [a=a-range b=b-range]
  `,
)

tableTest(
  'what comes of another generation or nobody is refused',
  `
  a beat id=x gen=1 → UNKNOWN_MEMBER_ID
  a commit id=x gen=1 → ILLEGAL_GENERATION
  a commit → ok
  a sync id=x gen=1 → UNKNOWN_MEMBER_ID
  leave x → UNKNOWN_MEMBER_ID
  a join range id=x → UNKNOWN_MEMBER_ID
  a join range → a 1 range leads [a=a-range]
  a beat gen=0 → ILLEGAL_GENERATION
  a sync gen=2 → ILLEGAL_GENERATION
  a commit gen=1 → REBALANCE_IN_PROGRESS
  a sync a=0 type=connect → INCONSISTENT_GROUP_PROTOCOL
  a sync a=0 protocol=sticky → INCONSISTENT_GROUP_PROTOCOL
  a sync a=0 type=consumer protocol=range → gets [0]
  a commit gen=1 → ok
  a commit gen=2 → ILLEGAL_GENERATION
  a commit id=- gen=-1 → UNKNOWN_MEMBER_ID
  a commit id=- gen=-1 transactional → ok
  a join range session=5999 → INVALID_SESSION_TIMEOUT
  a join range session=1800001 → INVALID_SESSION_TIMEOUT
  delete → NON_EMPTY_GROUP
  leave a → NONE
  describe → Empty consumer/
  delete → ok
  describe → GROUP_ID_NOT_FOUND
  delete → GROUP_ID_NOT_FOUND
  `,
)

tableTest(
  'a group of as many as it may have takes nobody else in',
  `
  set sizeMax 2
  a join range → a 1 range leads [a=a-range]
  a sync a=0 → gets [0]
  b join range → waits
  c join range → waits
  a join range → GROUP_MAX_SIZE_REACHED; b: b 2 range leads [b=b-range c=c-range]; c: c 2 range follows b
  c join range → c 2 range follows b
  b sync → gets []
  a sync a=0 b=1 → UNKNOWN_MEMBER_ID
  c join range → c 2 range follows b
  leave b → NONE
  c join range → c 3 range leads [c=c-range]
  `,
)

tableTest(
  'a commit in a generation that has no assignment yet has to wait',
  `
  a join range → a 1 range leads [a=a-range]
  a commit → REBALANCE_IN_PROGRESS
  a sync a=0 → gets [0]
  a commit → ok
  b join range → waits
  a commit → ok
  `,
)

tableTest(
  'a new member that waits is not put out when its session would be over',
  `
  a join range session=6000 rebalance=1800000 → a 1 range leads [a=a-range]
  a sync a=0 rebalance=1800000 → gets [0]
  b join range rebalance=1800000 → waits
  +5000
  a beat → REBALANCE_IN_PROGRESS
  +5000
  a join range → a 2 range leads [a=a-range b=b-range]; b: b 2 range follows a
  `,
)

tableTest(
  'a new member that went without a word is put out after five minutes',
  `
  a join range session=1800000 rebalance=1800000 → a 1 range leads [a=a-range]
  a sync a=0 → gets [0]
  b join range → waits
  +299999
  +1 → b: UNKNOWN_MEMBER_ID
  a join range session=1800000 rebalance=1800000 → a 2 range leads [a=a-range]
  `,
)

tableTest(
  'after a restart every session starts anew',
  `
  a join range → a 1 range leads [a=a-range]
  a sync a=0 → gets [0]
  +9999
  reload
  +9999
  a beat → ok
  b join range → waits
  reload
  a beat → REBALANCE_IN_PROGRESS
  a join range → waits
  +60000 → a: a 2 range leads [a=a-range]
  a sync a=0 → gets [0]
  `,
)

tableTest(
  'a generation without assignments goes on after a restart',
  `
  a join range → a 1 range leads [a=a-range]
  b join range → waits
  a join range → a 2 range leads [a=a-range b=b-range]; b: b 2 range follows a
  b sync → waits
  reload
  a beat → ok
  b sync → waits
  a sync a=0 b=1 → gets [0]; b: gets [1]
  b sync → gets [1]
  `,
)

tableTest(
  'a group without members stays until it is deleted',
  `
  a join range → a 1 range leads [a=a-range]
  a sync a=0 → gets [0]
  leave a → NONE
  a commit id=- gen=-1 → ok
  b join sticky type=other → b 3 sticky leads [b=b-sticky]
  b beat → ok
  `,
)

tableTest(
  'who comes when all others have left during a rebalance is taken in',
  `
  set initialRebalanceDelayMs 3000
  a join range → waits
  leave a → NONE; a: UNKNOWN_MEMBER_ID
  b join range → waits
  +3000
  +3000 → b: b 1 range leads [b=b-range]
  `,
)
