import { RE2JS, RE2JSException } from 're2js'
import { kafkaError } from '#model'
import { regexInstructionsMax } from './limits.ts'
import type { TopicsImage } from './topics.ts'

/**
 * Refuses a pattern that is not in RE2's syntax. RE2 matches in linear time, so that a client's
 * pattern can never hold up the broker. Throws INVALID_REGULAR_EXPRESSION.
 */
export const checkRegex = (pattern: string): void => {
  compile(pattern, topicRegexField)
}

/** The names, sorted, of the topics that a pattern matches as a whole. */
export const topicsMatching = (pattern: string, topics: TopicsImage): readonly string[] => {
  const matcher = compile(pattern, topicRegexField)
  return [...topics.names()].filter((name) => matcher.matches(name)).sort()
}

/** Says which names a pattern matches as a whole. Throws INVALID_REGULAR_EXPRESSION. */
export const patternMatcher = (pattern: string, field: string): ((name: string) => boolean) => {
  const matcher = compile(pattern, field)
  return (name) => matcher.matches(name)
}

const topicRegexField = 'SubscribedTopicRegex'

const compile = (pattern: string, field: string): RE2JS => {
  try {
    const matcher = RE2JS.compile(pattern)
    if (matcher.programSize() <= regexInstructionsMax) return matcher
    throw kafkaError(
      'INVALID_REGULAR_EXPRESSION',
      `${field} compiles to more than ${regexInstructionsMax} instructions.`,
    )
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error
    throw kafkaError(
      'INVALID_REGULAR_EXPRESSION',
      `${field} '${pattern}' is not a valid regular expression: ${error.message}.`,
    )
  }
}
