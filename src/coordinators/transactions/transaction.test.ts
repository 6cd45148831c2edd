import { equal } from 'node:assert/strict'
import { test } from 'node:test'
import { TransactionTable } from '#testing'

const tableTest = (title: string, text: string): void => {
  test(title, () => {
    equal(new TransactionTable().play(text), TransactionTable.written(text))
  })
}

tableTest(
  'each transaction of version 2 raises the epoch, and a repeated EndTxn is answered again (KIP-890)',
  `
  init → 1/0
  add 1/0 a b → ok
  pend5 1/0 g → ok
  show → Ongoing 1/0 [a b g]
  commit2 1/0 → waits
  commit2 1/0 → CONCURRENT_TRANSACTIONS
  synced → ok; #1: 1/1
  show → PrepareCommit 1/1 last=0 [a b g]
  add 1/1 a → CONCURRENT_TRANSACTIONS
  written → ok
  show → CompleteCommit 1/1 last=0
  commit2 1/0 → 1/1
  abort2 1/0 → INVALID_TXN_STATE
  add 1/0 a → PRODUCER_FENCED
  add 1/1 a → ok
  abort2 1/1 → 1/2
  written → ok
  abort2 1/1 → 1/2
  show → CompleteAbort 1/2 last=1
  `,
)

tableTest(
  'a transaction of version 1 keeps its epoch, and a repeated EndTxn cannot be told from a new one',
  `
  init → 1/0
  add 1/0 a → ok
  commit1 1/0 → waits
  synced → ok; #1: 1/0
  written → ok
  commit1 1/0 → 1/0
  abort1 1/0 → INVALID_TXN_STATE
  show → CompleteCommit 1/0
  `,
)

tableTest(
  'what has written to no partition is over at once, with the offsets in it',
  `
  init → 1/0
  group 1/0 g → ok
  pend 1/0 g → ok
  commit2 1/0 → 1/1
  show → CompleteCommit 1/1 last=0
  abort2 1/1 → 1/2
  show → CompleteAbort 1/2 last=1
  commit2 1/2 → INVALID_TXN_STATE
  `,
)

tableTest(
  'a commit whose bytes may be lost is refused, and the transaction can still be aborted',
  `
  init → 1/0
  add 1/0 a → ok
  commit2 1/0 → waits
  unsynced → ok; #1: COORDINATOR_NOT_AVAILABLE
  show → Ongoing 1/0 [a]
  abort2 1/0 → 1/1
  `,
)

tableTest(
  'a producer that comes anew fences the one before it, and what that left open is aborted first',
  `
  init → 1/0
  add 1/0 a → ok
  init → CONCURRENT_TRANSACTIONS
  show → PrepareAbort 1/1 last=0 [a]
  init → CONCURRENT_TRANSACTIONS
  written → ok
  init → 1/2
  add 1/0 a → PRODUCER_FENCED
  add 1/1 a → PRODUCER_FENCED
  commit1 1/0 → PRODUCER_FENCED
  commit2 1/1 → PRODUCER_FENCED
  add 1/2 a → ok
  `,
)

tableTest(
  'a producer carries on its own epoch, also when it missed the answer (KIP-360)',
  `
  init → 1/0
  init 1/0 → 1/1
  init 1/0 → 1/1
  init 1/1 → 1/2
  init 1/0 → PRODUCER_FENCED
  init → 1/3
  init 1/2 → PRODUCER_FENCED
  init 2/3 → PRODUCER_FENCED
  `,
)

tableTest(
  'when the epochs run out a producer that comes anew is given another id',
  `
  init → 1/0
  epoch 32765
  init → 1/32766
  init → 2/0
  show → Empty 2/0 previous=1
  init 1/32766 → PRODUCER_FENCED
  `,
)

tableTest(
  'when the epochs run out a producer that carries on is given another id, also when it missed that',
  `
  init → 1/0
  epoch 32766
  init 1/32766 → 2/0
  init 1/32766 → 2/0
  show → Empty 2/0 last=32766 previous=1
  init 2/0 → 2/1
  init 1/32766 → PRODUCER_FENCED
  `,
)

tableTest(
  'a transaction of version 2 that uses up the last epoch goes on with another id, also when repeated',
  `
  init → 1/0
  epoch 32766
  add 1/32766 a → ok
  commit2 1/32766 → waits
  synced → ok; #1: 2/0
  show → PrepareCommit 1/32767 last=32766 next=2 [a]
  add 2/0 a → CONCURRENT_TRANSACTIONS
  written → ok
  show → CompleteCommit 2/0 last=32766 previous=1
  commit2 1/32766 → 2/0
  abort2 1/32766 → INVALID_TXN_STATE
  commit2 1/32765 → INVALID_PRODUCER_ID_MAPPING
  init 1/32766 → 2/0
  `,
)

tableTest(
  'an empty transaction that uses up the last epoch goes on with another id too',
  `
  init → 1/0
  epoch 32766
  abort2 1/32766 → 2/0
  show → CompleteAbort 2/0 last=32766 previous=1
  abort2 1/32766 → 2/0
  `,
)

tableTest(
  'the epoch that fences the last one is given to nobody, and its producer goes on with another id',
  `
  init → 1/0
  epoch 32766
  add 1/32766 a → ok
  init → CONCURRENT_TRANSACTIONS
  show → PrepareAbort 1/32767 last=32766 [a]
  written → ok
  add 1/32767 a → PRODUCER_FENCED
  init 1/32766 → 2/0
  init 1/32766 → 2/0
  show → Empty 2/0 last=32766 previous=1
  `,
)

tableTest(
  'a transaction that takes too long is aborted, and its producer fenced unless it ends it itself',
  `
  init → 1/0
  add 1/0 a → ok
  +59999
  show → Ongoing 1/0 [a]
  +1
  show → PrepareAbort 1/1 last=0 [a]
  written → ok
  add 1/0 a → PRODUCER_FENCED
  commit1 1/0 → PRODUCER_FENCED
  commit2 1/0 → INVALID_TXN_STATE
  abort2 1/0 → 1/1
  `,
)

tableTest(
  'a commit that waits for its bytes is not aborted for taking too long',
  `
  init → 1/0
  add 1/0 a → ok
  commit2 1/0 → waits
  +60000
  synced → ok; #1: 1/1
  show → PrepareCommit 1/1 last=0 [a]
  `,
)

tableTest(
  'an id that nobody uses is forgotten, but not while a transaction is open or being ended',
  `
  expire → ok
  init → 1/0
  add 1/0 a → ok
  expire → ok
  abort1 1/0 → 1/0
  expire → ok
  show → PrepareAbort 1/0 [a]
  written → ok
  expire → ok
  add 1/0 a → INVALID_PRODUCER_ID_MAPPING
  init → 2/0
  `,
)

tableTest(
  'offsets of a group that was not added are refused to clients that have to add it',
  `
  init → 1/0
  pend 1/0 g → TRANSACTION_ABORTABLE
  group 1/0 g → ok
  pend 1/0 g → ok
  pend 1/0 h → TRANSACTION_ABORTABLE
  pend5 1/0 h → ok
  show → Ongoing 1/0 [g h]
  `,
)

test('a transaction takes a thousand groups and no more', () => {
  const table = new TransactionTable()
  table.play('init')
  for (let number = 0; number < 1000; number += 1) table.play(`group 1/0 g${number}`)
  equal(table.play('group 1/0 h'), 'group 1/0 h → INVALID_REQUEST')
  equal(table.play('group 1/0 g7'), 'group 1/0 g7 → ok')
})
