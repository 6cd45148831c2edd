import { deepEqual, throws } from 'node:assert/strict'
import { test } from 'node:test'
import { parseProperties } from './properties.ts'
import { SettingsError } from './settings-error.ts'

const cases: [
  name: string,
  text: string,
  properties: [key: string, value: string, line: number][],
][] = [
  [
    '=, : and blanks end a key',
    'a=1\nb:2\nc 3\nd\t4',
    [
      ['a', '1', 1],
      ['b', '2', 2],
      ['c', '3', 3],
      ['d', '4', 4],
    ],
  ],
  [
    'blanks stand around a separator',
    '  a = 1\nb\t:\t2',
    [
      ['a', '1', 1],
      ['b', '2', 2],
    ],
  ],
  ['blanks at the end belong to the value', 'a=1 ', [['a', '1 ', 1]]],
  [
    'a second separator belongs to the value',
    'a==b\nc = :d',
    [
      ['a', '=b', 1],
      ['c', ':d', 2],
    ],
  ],
  [
    'a key may have no value',
    'a\nb=',
    [
      ['a', '', 1],
      ['b', '', 2],
    ],
  ],
  [
    'comments and blank lines count for nothing',
    '# a\n ! b\n\n \t\nc=1 # no comment',
    [['c', '1 # no comment', 5]],
  ],
  [
    'a backslash joins lines and leaves out what begins the next',
    'a=1,\\\n   2,\\\n\t3\nb=4',
    [
      ['a', '1,2,3', 1],
      ['b', '4', 4],
    ],
  ],
  [
    'two backslashes join nothing',
    'a=1\\\\\nb=2',
    [
      ['a', '1\\', 1],
      ['b', '2', 2],
    ],
  ],
  ['a joined line may begin like a comment', 'a=1\\\n#2', [['a', '1#2', 1]]],
  ['a comment is not joined', '# a\\\nb=1', [['b', '1', 2]]],
  [
    'escapes stand for characters',
    'a\\=b\\:c\\ d=\\t\\n\\u00e4\\z\\\\',
    [['a=b:c d', '\t\näz\\', 1]],
  ],
  [
    'lines end in any way',
    'a=1\r\nb=2\rc=3',
    [
      ['a', '1', 1],
      ['b', '2', 2],
      ['c', '3', 3],
    ],
  ],
  [
    'a key comes as often as it stands there',
    'a=1\na=2',
    [
      ['a', '1', 1],
      ['a', '2', 2],
    ],
  ],
  ['a byte order mark is passed over', '\uFEFFa=1', [['a', '1', 1]]],
  ['a backslash at the very end joins nothing', 'a=1\\', [['a', '1', 1]]],
  ['nothing holds nothing', '', []],
]

for (const [name, text, expected] of cases)
  test(name, () => {
    deepEqual(
      parseProperties('server.properties', text).map(({ key, value, line }) => [key, value, line]),
      expected,
    )
  })

test('an escape without its digits names the line', () => {
  throws(() => parseProperties('server.properties', 'a=1\nb=\\u12'), {
    name: 'SettingsError',
    message: 'In server.properties, line 2, \\u must be followed by four hexadecimal digits.',
  })
})

test('a file of megabytes is none', () => {
  throws(() => parseProperties('video.mp4', 'x'.repeat(2_000_000)), SettingsError)
})
