import { equal, ok } from 'node:assert/strict'
import { test } from 'node:test'
import { codeOf, errorNameOf, errorNames, isRetriable, KafkaError, kafkaError } from './errors.ts'

test('the codes run from -1 to 136 without a gap, in the order of the table', () => {
  equal(errorNames.length, 138)
  errorNames.forEach((name, index) => {
    equal(codeOf(name), index - 1)
    equal(errorNameOf(index - 1), name)
  })
})

test('every sentence is one, and a different one', () => {
  const sentences = errorNames.map((name) => kafkaError(name).message)
  for (const sentence of sentences) ok(/^[A-Z].*\.$/.test(sentence), sentence)
  equal(new Set(sentences).size, sentences.length)
})

test('a code beyond the table is an unknown server error', () => {
  equal(errorNameOf(137), 'UNKNOWN_SERVER_ERROR')
  equal(errorNameOf(-2), 'UNKNOWN_SERVER_ERROR')
})

test('an error carries its name, its code and the sentence that it was given', () => {
  const error = kafkaError('INVALID_CONFIG', 'No such key.')
  ok(error instanceof KafkaError)
  equal(error.errorName, 'INVALID_CONFIG')
  equal(error.code, 40)
  equal(error.message, 'No such key.')
})

test('as many errors are retriable as in Kafka 4.3', () => {
  equal(errorNames.filter(isRetriable).length, 32)
  ok(isRetriable('FENCED_LEADER_EPOCH'))
  ok(!isRetriable('REBALANCE_IN_PROGRESS'))
})
