import { RE2JS, RE2JSException } from 're2js'
import { kafkaError } from '#model'
import type { TopicsImage } from './topics.ts'

/**
 * Refuses a pattern that is not in RE2's syntax. RE2 matches in linear time, so that a client's
 * pattern can never hold up the broker. Throws INVALID_REGULAR_EXPRESSION.
 */
export const checkRegex = (pattern: string): void => {
  compile(pattern)
}

/** The names, sorted, of the topics that a pattern matches as a whole. */
export const topicsMatching = (pattern: string, topics: TopicsImage): readonly string[] => {
  const matcher = compile(pattern)
  return [...topics.names()].filter((name) => matcher.matches(name)).sort()
}

const compile = (pattern: string): RE2JS => {
  try {
    return RE2JS.compile(pattern)
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error
    throw kafkaError(
      'INVALID_REGULAR_EXPRESSION',
      `SubscribedTopicRegex '${pattern}' is not a valid regular expression: ${error.message}.`,
    )
  }
}
