// Every state of a transaction, every request, and every epoch: the one before the current one, the current
// one, the one after it, and another producer's. The answers are Kafka 4.3's; behind `⇒` the transaction
// that comes of it, where it changes.
import { equal } from 'node:assert/strict'
import { test } from 'node:test'
import { TransactionTable } from '#testing'

const shortNames: Readonly<Record<string, string>> = {
  PRODUCER_FENCED: 'fenced',
  INVALID_PRODUCER_ID_MAPPING: 'unmapped',
  INVALID_TXN_STATE: 'invalid',
  CONCURRENT_TRANSACTIONS: 'busy',
  TRANSACTION_ABORTABLE: 'abortable',
}

const requests = [
  ...['init P', 'add P a', 'add P b', 'group P g', 'group P h', 'verify P a', 'verify P b'],
  ...['pend P g', 'pend P h', 'pend5 P g', 'pend5 P h'],
  ...['commit1 P', 'abort1 P', 'commit2 P', 'abort2 P'],
]

/** What a request does to the transaction that a scenario leaves. */
const outcome = (setup: string, request: string): string => {
  const table = new TransactionTable()
  table.play(setup)
  const before = table.shown()
  const said = table.play(request).split(' → ')[1]!
  const after = table.shown()
  return (shortNames[said] ?? said) + (after === before ? '' : ` ⇒ ${after}`)
}

const grid = (setup: string): string =>
  [
    `init anew: ${outcome(setup, 'init')}`,
    ...requests.map((request) => {
      const answers = ['1/1', '1/2', '1/3', '9/2'].map((producer) =>
        outcome(setup, request.replace('P', producer)),
      )
      return `${request.replace(' P', '')}: ${answers.join(' | ')}`
    }),
  ].join('\n')

const gridTest = (state: string, setups: readonly string[], text: string): void => {
  test(`in ${state} every request is answered as by Kafka`, () => {
    for (const setup of setups) equal(grid(setup), TransactionTable.written(text))
  })
}

gridTest(
  'an id that nobody has used',
  ['show'],
  `
  init anew: 1/0 ⇒ Empty 1/0
  init: 1/0 ⇒ Empty 1/0 | 1/0 ⇒ Empty 1/0 | 1/0 ⇒ Empty 1/0 | 1/0 ⇒ Empty 1/0
  add a: unmapped | unmapped | unmapped | unmapped
  add b: unmapped | unmapped | unmapped | unmapped
  group g: unmapped | unmapped | unmapped | unmapped
  group h: unmapped | unmapped | unmapped | unmapped
  verify a: unmapped | unmapped | unmapped | unmapped
  verify b: unmapped | unmapped | unmapped | unmapped
  pend g: unmapped | unmapped | unmapped | unmapped
  pend h: unmapped | unmapped | unmapped | unmapped
  pend5 g: unmapped | unmapped | unmapped | unmapped
  pend5 h: unmapped | unmapped | unmapped | unmapped
  commit1: unmapped | unmapped | unmapped | unmapped
  abort1: unmapped | unmapped | unmapped | unmapped
  commit2: unmapped | unmapped | unmapped | unmapped
  abort2: unmapped | unmapped | unmapped | unmapped
  `,
)

gridTest(
  'Empty',
  ['init\ninit\ninit'],
  `
  init anew: 1/3 ⇒ Empty 1/3
  init: fenced | 1/3 ⇒ Empty 1/3 last=2 | fenced | fenced
  add a: fenced | ok ⇒ Ongoing 1/2 [a] | fenced | unmapped
  add b: fenced | ok ⇒ Ongoing 1/2 [b] | fenced | unmapped
  group g: fenced | ok ⇒ Ongoing 1/2 [g] | fenced | unmapped
  group h: fenced | ok ⇒ Ongoing 1/2 [h] | fenced | unmapped
  verify a: fenced | missing a | fenced | unmapped
  verify b: fenced | missing b | fenced | unmapped
  pend g: fenced | abortable | fenced | unmapped
  pend h: fenced | abortable | fenced | unmapped
  pend5 g: fenced | ok ⇒ Ongoing 1/2 [g] | fenced | unmapped
  pend5 h: fenced | ok ⇒ Ongoing 1/2 [h] | fenced | unmapped
  commit1: fenced | invalid | fenced | unmapped
  abort1: fenced | invalid | fenced | unmapped
  commit2: fenced | invalid | fenced | unmapped
  abort2: fenced | 1/3 ⇒ CompleteAbort 1/3 last=2 | fenced | unmapped
  `,
)

gridTest(
  'Ongoing',
  ['init\ninit\ninit\nadd 1/2 a\ngroup 1/2 g'],
  `
  init anew: busy ⇒ PrepareAbort 1/3 last=2 [a g]
  init: busy ⇒ PrepareAbort 1/3 last=2 [a g] | busy ⇒ PrepareAbort 1/3 last=2 [a g] | busy ⇒ PrepareAbort 1/3 last=2 [a g] | fenced
  add a: fenced | ok | fenced | unmapped
  add b: fenced | ok ⇒ Ongoing 1/2 [a b g] | fenced | unmapped
  group g: fenced | ok | fenced | unmapped
  group h: fenced | ok ⇒ Ongoing 1/2 [a g h] | fenced | unmapped
  verify a: fenced | ok | fenced | unmapped
  verify b: fenced | missing b | fenced | unmapped
  pend g: fenced | ok | fenced | unmapped
  pend h: fenced | abortable | fenced | unmapped
  pend5 g: fenced | ok | fenced | unmapped
  pend5 h: fenced | ok ⇒ Ongoing 1/2 [a g h] | fenced | unmapped
  commit1: fenced | waits ⇒ Ongoing deciding 1/2 [a g] | fenced | unmapped
  abort1: fenced | 1/2 ⇒ PrepareAbort 1/2 [a g] | fenced | unmapped
  commit2: fenced | waits ⇒ Ongoing deciding 1/2 [a g] | fenced | unmapped
  abort2: fenced | 1/3 ⇒ PrepareAbort 1/3 last=2 [a g] | fenced | unmapped
  `,
)

gridTest(
  'a commit that waits, and while its markers are written',
  [
    'init\ninit\ninit\nadd 1/2 a\ngroup 1/2 g\ncommit1 1/2',
    'init\ninit\ninit\nadd 1/2 a\ncommit1 1/2\nsynced',
    'init\ninit\ninit\nadd 1/2 a\nabort1 1/2',
    'init\ninit\nadd 1/1 a\ncommit2 1/1\nsynced',
    'init\ninit\nadd 1/1 a\nabort2 1/1',
  ],
  `
  init anew: busy
  init: busy | busy | busy | busy
  add a: busy | busy | busy | busy
  add b: busy | busy | busy | busy
  group g: busy | busy | busy | busy
  group h: busy | busy | busy | busy
  verify a: fenced | busy | fenced | unmapped
  verify b: fenced | busy | fenced | unmapped
  pend g: fenced | busy | fenced | unmapped
  pend h: fenced | busy | fenced | unmapped
  pend5 g: busy | busy | busy | busy
  pend5 h: busy | busy | busy | busy
  commit1: fenced | busy | fenced | unmapped
  abort1: fenced | busy | fenced | unmapped
  commit2: busy | busy | busy | busy
  abort2: busy | busy | busy | busy
  `,
)

gridTest(
  'CompleteCommit of version 1',
  ['init\ninit\ninit\nadd 1/2 a\ncommit1 1/2\nsynced\nwritten'],
  `
  init anew: 1/3 ⇒ Empty 1/3
  init: fenced | 1/3 ⇒ Empty 1/3 last=2 | fenced | fenced
  add a: fenced | ok ⇒ Ongoing 1/2 [a] | fenced | unmapped
  add b: fenced | ok ⇒ Ongoing 1/2 [b] | fenced | unmapped
  group g: fenced | ok ⇒ Ongoing 1/2 [g] | fenced | unmapped
  group h: fenced | ok ⇒ Ongoing 1/2 [h] | fenced | unmapped
  verify a: fenced | missing a | fenced | unmapped
  verify b: fenced | missing b | fenced | unmapped
  pend g: fenced | abortable | fenced | unmapped
  pend h: fenced | abortable | fenced | unmapped
  pend5 g: fenced | ok ⇒ Ongoing 1/2 [g] | fenced | unmapped
  pend5 h: fenced | ok ⇒ Ongoing 1/2 [h] | fenced | unmapped
  commit1: fenced | 1/2 | fenced | unmapped
  abort1: fenced | invalid | fenced | unmapped
  commit2: 1/2 | invalid | fenced | unmapped
  abort2: invalid | 1/3 ⇒ CompleteAbort 1/3 last=2 | fenced | unmapped
  `,
)

gridTest(
  'CompleteAbort of version 1',
  ['init\ninit\ninit\nadd 1/2 a\nabort1 1/2\nwritten'],
  `
  init anew: 1/3 ⇒ Empty 1/3
  init: fenced | 1/3 ⇒ Empty 1/3 last=2 | fenced | fenced
  add a: fenced | ok ⇒ Ongoing 1/2 [a] | fenced | unmapped
  add b: fenced | ok ⇒ Ongoing 1/2 [b] | fenced | unmapped
  group g: fenced | ok ⇒ Ongoing 1/2 [g] | fenced | unmapped
  group h: fenced | ok ⇒ Ongoing 1/2 [h] | fenced | unmapped
  verify a: fenced | missing a | fenced | unmapped
  verify b: fenced | missing b | fenced | unmapped
  pend g: fenced | abortable | fenced | unmapped
  pend h: fenced | abortable | fenced | unmapped
  pend5 g: fenced | ok ⇒ Ongoing 1/2 [g] | fenced | unmapped
  pend5 h: fenced | ok ⇒ Ongoing 1/2 [h] | fenced | unmapped
  commit1: fenced | invalid | fenced | unmapped
  abort1: fenced | 1/2 | fenced | unmapped
  commit2: invalid | invalid | fenced | unmapped
  abort2: 1/2 | 1/3 ⇒ CompleteAbort 1/3 last=2 | fenced | unmapped
  `,
)

gridTest(
  'CompleteCommit of version 2',
  ['init\ninit\nadd 1/1 a\ncommit2 1/1\nsynced\nwritten'],
  `
  init anew: 1/3 ⇒ Empty 1/3
  init: 1/2 ⇒ Empty 1/2 last=1 | 1/3 ⇒ Empty 1/3 last=2 | fenced | fenced
  add a: fenced | ok ⇒ Ongoing 1/2 last=1 [a] | fenced | unmapped
  add b: fenced | ok ⇒ Ongoing 1/2 last=1 [b] | fenced | unmapped
  group g: fenced | ok ⇒ Ongoing 1/2 last=1 [g] | fenced | unmapped
  group h: fenced | ok ⇒ Ongoing 1/2 last=1 [h] | fenced | unmapped
  verify a: fenced | missing a | fenced | unmapped
  verify b: fenced | missing b | fenced | unmapped
  pend g: fenced | abortable | fenced | unmapped
  pend h: fenced | abortable | fenced | unmapped
  pend5 g: fenced | ok ⇒ Ongoing 1/2 last=1 [g] | fenced | unmapped
  pend5 h: fenced | ok ⇒ Ongoing 1/2 last=1 [h] | fenced | unmapped
  commit1: fenced | 1/2 | fenced | unmapped
  abort1: fenced | invalid | fenced | unmapped
  commit2: 1/2 | invalid | fenced | unmapped
  abort2: invalid | 1/3 ⇒ CompleteAbort 1/3 last=2 | fenced | unmapped
  `,
)

gridTest(
  'CompleteAbort of version 2',
  ['init\ninit\nadd 1/1 a\nabort2 1/1\nwritten'],
  `
  init anew: 1/3 ⇒ Empty 1/3
  init: 1/2 ⇒ Empty 1/2 last=1 | 1/3 ⇒ Empty 1/3 last=2 | fenced | fenced
  add a: fenced | ok ⇒ Ongoing 1/2 last=1 [a] | fenced | unmapped
  add b: fenced | ok ⇒ Ongoing 1/2 last=1 [b] | fenced | unmapped
  group g: fenced | ok ⇒ Ongoing 1/2 last=1 [g] | fenced | unmapped
  group h: fenced | ok ⇒ Ongoing 1/2 last=1 [h] | fenced | unmapped
  verify a: fenced | missing a | fenced | unmapped
  verify b: fenced | missing b | fenced | unmapped
  pend g: fenced | abortable | fenced | unmapped
  pend h: fenced | abortable | fenced | unmapped
  pend5 g: fenced | ok ⇒ Ongoing 1/2 last=1 [g] | fenced | unmapped
  pend5 h: fenced | ok ⇒ Ongoing 1/2 last=1 [h] | fenced | unmapped
  commit1: fenced | invalid | fenced | unmapped
  abort1: fenced | 1/2 | fenced | unmapped
  commit2: invalid | invalid | fenced | unmapped
  abort2: 1/2 | 1/3 ⇒ CompleteAbort 1/3 last=2 | fenced | unmapped
  `,
)
