import { deepEqual, equal, throws } from 'node:assert/strict'
import { test } from 'node:test'
import { GroupTable } from '#testing'
import { checkRegex, topicsMatching } from './regex.ts'
import { topicsImage } from './topics.ts'

const image = (...names: string[]) =>
  topicsImage(
    1,
    names.map((name) => ({ topicId: `#${name}`, name, partitionCount: 1 })),
  )

test('a pattern has to match the whole name', () => {
  deepEqual(topicsMatching('foo|bar', image('foo', 'foobar', 'bar')), ['bar', 'foo'])
  deepEqual(topicsMatching('foo.*', image('foo', 'xfoo', 'foobar')), ['foo', 'foobar'])
})

test('what RE2 does not know is refused', () => {
  for (const pattern of ['(', '(?=a)', 'a**', '(a)\\1', '[z-a]', 'a{1001}', '(?:a{1000}){1000}'])
    throws(() => checkRegex(pattern), { errorName: 'INVALID_REGULAR_EXPRESSION', code: 128 })
})

test('a pattern that would take long for every name is refused', () => {
  for (const pattern of ['(?:a?){1000}b{999}c', 'a?'.repeat(3000)])
    throws(() => checkRegex(pattern), { errorName: 'INVALID_REGULAR_EXPRESSION' })
  checkRegex(Array.from({ length: 500 }, (_, index) => `topic-${index}`).join('|'))
})

test('a pattern that other engines need years for is matched in linear time', () => {
  deepEqual(topicsMatching('(a*)*b', image('a'.repeat(249))), [])
})

const scenario = (title: string, text: string): void => {
  test(title, () => equal(new GroupTable().play(text), GroupTable.written(text)))
}

scenario(
  'a pattern subscribes to the topics that it matches, and later ones after a pause',
  `topics foo:1 bar:1
   a join regex=fo.* → 1 foo0
   topics foo:1 bar:1 fox:1
   a beat foo0 → 1
   +10000
   a beat foo0 → 2 foo0 fox0
   topics fox:1
   +10000
   a beat foo0 fox0 → 2 fox0
   a beat fox0 → 3`,
)

scenario(
  'names and a pattern are taken together, and an empty pattern takes it away',
  `topics foo:1 bar:1
   a join regex=foo topics=bar → 1 bar0 foo0
   a beat regex= bar0 foo0 → 1 bar0
   a beat bar0 → 2
   a beat regex=( → INVALID_REGULAR_EXPRESSION
   b join regex=[ → INVALID_REGULAR_EXPRESSION
   describe → Stable 2/2 uniform; a 2 [bar0] of [bar0]`,
)

scenario(
  'what a pattern matched outlives a load',
  `topics foo:1
   a join regex=f.* → 1 foo0
   reload
   a beat foo0 → 1
   b join regex=f.* → 2 -
   a leave → -1
   b beat → 3 foo0`,
)
