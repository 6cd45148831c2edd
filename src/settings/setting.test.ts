import { deepEqual, equal, ok } from 'node:assert/strict'
import { test } from 'node:test'
import { brokerTable } from './broker.table.ts'
import { groupTable } from './group.table.ts'
import {
  boolean,
  canonicalText,
  choice,
  choices,
  double,
  int,
  list,
  long,
  longMax,
  readSetting,
  type Setting,
  short,
  string,
  textOf,
} from './setting.ts'
import { topicTable } from './topic.table.ts'

const level = int(-1, { min: 1, max: 9, also: -1 })
const size = int(10, { min: 4 })

const cases: [name: string, setting: Setting, text: string, reading: unknown][] = [
  ['an int', size, '12', 12],
  ['an int with blanks and a sign', size, ' +12 ', 12],
  ['an int at its lower bound', size, '4', 4],
  ['an int below its bound', size, '3', 'an int of at least 4'],
  ['the largest int', size, '2147483647', 2_147_483_647],
  ['an int beyond 32 bits', size, '2147483648', 'an int of at least 4'],
  ['a fraction for an int', size, '4.5', 'an int of at least 4'],
  ['nothing for an int', size, '', 'an int of at least 4'],
  ['an int without bounds', int(0), 'x', 'an int: a whole number within 32 bits'],
  ['a number beside the range', level, '-1', -1],
  ['a number between range and exception', level, '0', 'an int from 1 to 9, or -1'],
  ['a number above the range', level, '10', 'an int from 1 to 9, or -1'],
  ['a short too large', short(1), '32768', 'a short: a whole number within 16 bits'],
  ['a long within 53 bits', long(0), '-9007199254740991', -longMax],
  ['a long beyond 53 bits', long(0), '9223372036854775807', longMax],
  ['the smallest long', long(0), '-9223372036854775808', -longMax],
  [
    'a long beyond 64 bits',
    long(0),
    '9223372036854775808',
    'a long: a whole number within 64 bits',
  ],
  ['a double', double(0.5, { min: 0, max: 1 }), '1e-1', 0.1],
  ['a double above its range', double(0.5, { min: 0, max: 1 }), '1.1', 'a number from 0 to 1'],
  ['a double that is no number', double(0), 'NaN', 'a number'],
  ['true in capitals', boolean(false), 'TRUE', true],
  ['yes for a boolean', boolean(false), 'yes', 'true or false'],
  ['a choice', choice('a', ['a', 'b', 'c']), 'b', 'b'],
  ['a choice in other letters', choice('a', ['a', 'b', 'c']), 'B', 'a, b or c'],
  ['a choice whatever its letters', string('a', { values: ['a'], ignoreCase: true }), 'A', 'A'],
  ['a list', list([]), ' a , b,c ', ['a', 'b', 'c']],
  ['an empty list', list([]), '', []],
  ['a list that names something twice', choices([], ['a', 'b']), 'a,b,a', ['a', 'b']],
  ['a list with a gap', choices([], ['a', 'b']), 'a,', 'a list of a or b'],
  ['a list with a stranger', choices([], ['a', 'b']), 'a,x', 'a list of a or b'],
]

for (const [name, setting, text, expected] of cases)
  test(`${name} reads as it should`, () => {
    const reading = readSetting(setting, text)
    deepEqual('value' in reading ? reading.value : reading.expected, expected)
  })

test('a long too large for a number is printed back as it was given', () => {
  equal(canonicalText(long(0), ' 9223372036854775807'), '9223372036854775807')
  equal(canonicalText(long(0), '9223372036854775806'), '9223372036854775806')
  equal(canonicalText(long(0), '007'), '7')
  equal(canonicalText(double(0), '1'), '1.0')
  equal(canonicalText(list([]), 'a, b'), 'a,b')
})

for (const [name, table, count] of [
  // Two more than Kafka lists: settings that it has and hides.
  ['broker', brokerTable, 342],
  ['topic', topicTable, 33],
  ['group', groupTable, 17],
] as const)
  test(`every default of the ${name} settings may be given as a text and means the same`, () => {
    const entries = Object.entries<Setting>(table)
    equal(entries.filter(([key]) => !key.startsWith('odradek.')).length, count)
    for (const [key, setting] of entries) {
      const text = textOf(setting, setting.default)
      if (text === null || text === doubleMax) continue
      const reading = readSetting(setting, text)
      ok('value' in reading, `${key}=${text}`)
      deepEqual(reading.value, setting.default, key)
    }
  })

test('a setting of ours says what it means', () => {
  for (const [key, setting] of Object.entries<Setting>(brokerTable))
    if (key.startsWith('odradek.')) ok(setting.acts && setting.note, key)
})

const doubleMax = '1.7976931348623157E308'
