// The checker of anomalies on the smallest histories that show each, and on neighbours that are sound.
import { deepEqual } from 'node:assert/strict'
import { test } from 'node:test'
import { anomaliesIn } from '../tools/transactions/anomalies.ts'
import type {
  Observation,
  Operation,
  Outcome,
  Poll,
  SeenRecord,
} from '../tools/transactions/observation.ts'

/** `log/offset=value`. */
const record = (text: string): SeenRecord => {
  const [, log, offset, value] = /^(\w+)\/(\d+)=(\w+)$/.exec(text)!
  return { log: log!, offset: Number(offset), value: value! }
}
const records = (text: string): SeenRecord[] => text.split(' ').filter(Boolean).map(record)

interface Doctored {
  /** Process, outcome, what it sent, and what it read before. */
  operations: readonly (readonly [string, Outcome, string, string?])[]
  /** What one reader was given, poll by poll. */
  polls?: readonly string[]
  /** The poll before which it was assigned its logs anew. */
  assignedAt?: number
  /** What is there in the end. */
  final: string
  /** Where the reader stands; behind all that is there where nothing is said. */
  positions?: Record<string, number>
  /** The reader read before anybody asked for a commit. */
  isEarly?: boolean
}

const logs = ['x', 'y']

const observe = (doctored: Doctored): Observation => {
  const { operations, polls, assignedAt, isEarly = false } = doctored
  const kept = records(doctored.final)
  const final = new Map(logs.map((log) => [log, kept.filter((each) => each.log === log)]))
  const ends = logs.map((log) => [log, (final.get(log)!.at(-1)?.offset ?? -1) + 1] as const)
  const made = operations.map(
    ([process, outcome, sent, read = '']): Operation => ({
      ...{ process, outcome, sent: records(sent), read: records(read) },
      askedAt: outcome === 'aborted' ? undefined : 10,
    }),
  )
  const given = (polls ?? [doctored.final]).map(
    (text, index): Poll => ({
      at: isEarly ? index : 20 + index,
      records: records(text),
      assigned: index === assignedAt ? logs : [],
    }),
  )
  const positions = new Map(doctored.positions ? Object.entries(doctored.positions) : ends)
  return { operations: made, readings: [{ name: 'reader', polls: given, positions }], final }
}

const committed = (sent: string) => ['a', 'committed', sent] as const

for (const [what, doctored, found] of [
  ['all is well', { operations: [committed('x/0=p y/0=q')], final: 'x/0=p y/0=q' }, []],
  [
    'a committed record is gone',
    { operations: [committed('x/0=p'), committed('x/1=q')], final: 'x/1=q' },
    ['lost-write'],
  ],
  [
    'an unknown outcome shows in part',
    { operations: [['a', 'unknown', 'x/0=p y/0=q']], final: 'x/0=p' },
    ['lost-write'],
  ],
  ['an unknown outcome shows nowhere', { operations: [['a', 'unknown', 'x/0=p']], final: '' }, []],
  ['an unknown outcome shows', { operations: [['a', 'unknown', 'x/0=p']], final: 'x/0=p' }, []],
  [
    'an aborted record is there',
    { operations: [['a', 'aborted', 'x/0=p']], polls: [], final: 'x/0=p', positions: {} },
    ['aborted-read'],
  ],
  [
    'a transaction reads what was aborted',
    {
      operations: [
        ['a', 'aborted', 'x/0=p'],
        ['b', 'committed', '', 'x/0=p'],
      ],
      final: '',
    },
    ['aborted-read'],
  ],
  ['an aborted record is not there', { operations: [['a', 'aborted', 'x/0=p']], final: '' }, []],
  [
    'a record is there twice',
    { operations: [committed('x/0=p')], final: 'x/0=p x/1=p' },
    // The second place is not the acknowledged one either.
    ['duplicate', 'inconsistent-offsets'],
  ],
  [
    'two readers find different records at a place',
    {
      operations: [committed('x/0=p'), ['b', 'unknown', 'x/0=q']],
      polls: ['x/0=q', 'x/1=p'],
      final: 'x/0=p',
      positions: {},
    },
    ['duplicate', 'inconsistent-offsets', 'lost-write'],
  ],
  [
    'a record lies elsewhere than was acknowledged',
    { operations: [committed('x/0=p')], final: 'x/3=p' },
    ['inconsistent-offsets'],
  ],
  [
    'a reader goes back',
    {
      operations: [committed('x/0=p x/1=q')],
      polls: ['x/0=p x/1=q', 'x/0=p'],
      final: 'x/0=p x/1=q',
    },
    ['nonmonotonic-poll'],
  ],
  [
    'a reader goes back after it was assigned anew',
    {
      operations: [committed('x/0=p x/1=q')],
      polls: ['x/0=p x/1=q', 'x/0=p x/1=q'],
      assignedAt: 1,
      final: 'x/0=p x/1=q',
    },
    [],
  ],
  [
    'a poll goes back in itself',
    { operations: [committed('x/0=p x/1=q')], polls: ['x/1=q x/0=p'], final: 'x/0=p x/1=q' },
    ['int-nonmonotonic-poll'],
  ],
  [
    'a producer goes back from one transaction to the next',
    { operations: [committed('x/1=p'), committed('x/0=q')], final: 'x/0=q x/1=p' },
    ['nonmonotonic-send'],
  ],
  [
    'a producer goes back within a transaction',
    { operations: [committed('x/1=p x/0=q')], final: 'x/0=q x/1=p' },
    ['int-nonmonotonic-send'],
  ],
  [
    'two producers lie across each other (G0)',
    {
      operations: [committed('x/0=p y/1=q'), ['b', 'committed', 'x/1=r y/0=s']],
      final: 'x/0=p x/1=r y/0=s y/1=q',
    },
    [],
  ],
  [
    'a reader leaves one out',
    {
      operations: [committed('x/0=p'), committed('x/1=q'), committed('x/2=r')],
      polls: ['x/0=p', 'x/2=r'],
      final: 'x/0=p x/1=q x/2=r',
    },
    ['poll-skip', 'unseen'],
  ],
  [
    'a poll leaves one out',
    {
      operations: [committed('x/0=p'), committed('x/1=q'), committed('x/2=r')],
      polls: ['x/0=p x/2=r'],
      final: 'x/0=p x/1=q x/2=r',
    },
    ['int-poll-skip', 'unseen'],
  ],
  [
    'nobody reads the last one',
    { operations: [committed('x/0=p')], polls: [], final: 'x/0=p' },
    ['unseen'],
  ],
  [
    'nobody has come to the last one',
    { operations: [committed('x/0=p')], polls: [], final: 'x/0=p', positions: { x: 0 } },
    [],
  ],
  [
    'a record is read before its commit',
    { operations: [committed('x/0=p')], isEarly: true, final: 'x/0=p' },
    ['precommitted-read'],
  ],
  [
    'half of a transaction is passed by',
    {
      operations: [committed('x/0=p y/0=q')],
      polls: ['x/0=p'],
      final: 'x/0=p y/0=q',
      positions: { x: 1, y: 1 },
    },
    ['fractured-read', 'unseen'],
  ],
  [
    'half of a transaction is still to come',
    {
      operations: [committed('x/0=p y/0=q')],
      polls: ['x/0=p'],
      final: 'x/0=p y/0=q',
      positions: { x: 1, y: 0 },
    },
    [],
  ],
  [
    'two transactions read from each other',
    {
      operations: [
        ['a', 'committed', 'x/0=p', 'y/0=q'],
        ['b', 'committed', 'y/0=q', 'x/0=p'],
      ],
      final: 'x/0=p y/0=q',
    },
    ['G1c'],
  ],
  [
    'one transaction reads from the other',
    {
      operations: [
        ['a', 'committed', 'x/0=p'],
        ['b', 'committed', 'y/0=q', 'x/0=p'],
      ],
      final: 'x/0=p y/0=q',
    },
    [],
  ],
] as const satisfies readonly (readonly [string, Doctored, readonly string[]])[])
  test(`${what}: ${found.join(', ') || 'no anomaly'}`, () => {
    const names = new Set(anomaliesIn(observe(doctored)).map(({ name }) => name))
    deepEqual([...names].sort(), [...found].sort())
  })
