import { equal, ok, throws } from 'node:assert/strict'
import { test } from 'node:test'
import { KafkaError } from './errors.ts'
import { checkTopicName, isInternalTopic, topicNameFault, topicNamesCollide } from './topic-name.ts'

const allowed = ['a', 'orders', 'a.b_c-D9', '...', '-', '__consumer_offsets', 'x'.repeat(249)]
const refused: [name: string, sentence: RegExp][] = [
  ['', /must not be empty/],
  ['.', /must not be '\.'/],
  ['..', /must not be '\.\.'/],
  ['x'.repeat(250), /at most 249 characters, not 250/],
  ['a b', /"a b" has characters other than/],
  ['a/b', /other than ASCII letters/],
  ['grün', /other than ASCII letters/],
  ['a\n', /"a\\n" has characters/],
]

for (const name of allowed)
  test(`'${name.slice(0, 20)}' is a topic name`, () => equal(topicNameFault(name), undefined))

for (const [name, sentence] of refused)
  test(`${JSON.stringify(name.slice(0, 20))} is refused with its reason`, () => {
    throws(
      () => checkTopicName(name),
      (error) =>
        error instanceof KafkaError &&
        error.errorName === 'INVALID_TOPIC_EXCEPTION' &&
        sentence.test(error.message),
    )
  })

test("names collide when only '.' and '_' tell them apart", () => {
  ok(topicNamesCollide('a.b_c', 'a_b.c'))
  ok(!topicNamesCollide('a.b', 'a-b'))
})

test('the topics of Kafka itself are internal', () => {
  ok(isInternalTopic('__consumer_offsets'))
  ok(!isInternalTopic('__orders'))
})
