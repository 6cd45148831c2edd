import type { Uuid } from '#model'
import type { Draft } from './draft.ts'
import { regexPauseMs } from './limits.ts'
import type { Member, Subscription } from './member.ts'
import { topicsMatching } from './regex.ts'
import type { ModernGroupSettings } from './settings.ts'
import { type TopicsImage, topicsDigest } from './topics.ts'

/** What a command knows of the world: the topics as they are, and the settings of the group. */
export interface Surroundings {
  readonly topics: TopicsImage
  readonly settings: ModernGroupSettings
}

/** The names of topics that a member subscribes to, those of its pattern among them. */
export const topicNamesOf = (draft: Draft, member: Subscription): readonly string[] => {
  const matched = member.topicRegex === null ? undefined : draft.regex(member.topicRegex)
  return matched ? [...member.topicNames, ...matched] : member.topicNames
}

/** The ids of those that exist, without repeats. */
export const topicIdsOf = (draft: Draft, member: Subscription, topics: TopicsImage): Uuid[] => {
  const ids = new Set<Uuid>()
  for (const name of topicNamesOf(draft, member)) {
    const topic = topics.byName(name)
    if (topic) ids.add(topic.topicId)
  }
  return [...ids]
}

/**
 * Looks again at topics and patterns where they can have changed, and raises the group's epoch
 * when what the group subscribes to is not what it was, or when `changed` says so.
 */
export const updateEpoch = (
  draft: Draft,
  { topics, settings }: Surroundings,
  changed: boolean,
  nowMs: number,
): void => {
  const rematched = resolveRegexes(draft, topics, settings, nowMs)
  if (!changed && !rematched && draft.topicsVersion === topics.version) return
  if (draft.topicsVersion !== topics.version) draft.topicsSeen(topics)
  const digest = digestOf(draft, topics)
  const bump = changed || rematched || digest !== draft.topicsDigest
  if (bump) draft.setEpoch(draft.epoch + 1, digest)
}

/** The digest of all topics that the members subscribe to. */
export const digestOf = (draft: Draft, topics: TopicsImage): string =>
  topicsDigest(subscribedNames(draft), topics)

const subscribedNames = (draft: Draft): Set<string> => {
  const names = new Set<string>()
  for (const member of draft.members()) for (const name of member.topicNames) names.add(name)
  for (const pattern of draft.patterns())
    for (const name of draft.regex(pattern) ?? []) names.add(name)
  return names
}

/** Says whether any pattern matches other topics than before. */
const resolveRegexes = (
  draft: Draft,
  topics: TopicsImage,
  settings: ModernGroupSettings,
  nowMs: number,
): boolean => {
  const known = draft.patterns()
  if (known.length === 0) return false
  const elapsedMs = Math.abs(nowMs - draft.regexesAtMs)
  const stale = draft.regexesVersion !== topics.version && elapsedMs >= regexPauseMs
  if (!stale && elapsedMs < settings.regexRefreshIntervalMs) return false
  let changed = false
  for (const pattern of known) {
    const matched = topicsMatching(pattern, topics)
    if (sameTexts(matched, draft.regex(pattern)!)) continue
    draft.setRegex(pattern, matched)
    changed = true
  }
  draft.regexesSeen(topics, nowMs)
  return changed
}

/** Resolves the pattern of a member that nobody had before, and forgets one that nobody has now. */
export const followRegex = (
  draft: Draft,
  before: Member | undefined,
  after: Member | undefined,
  topics: TopicsImage,
  nowMs: number,
): void => {
  const pattern = after?.topicRegex ?? null
  if (pattern !== null && draft.regex(pattern) === undefined) {
    if (draft.patterns().length === 0) draft.regexesSeen(topics, nowMs)
    draft.setRegex(pattern, topicsMatching(pattern, topics))
  }
  const old = before?.topicRegex ?? null
  if (old === null || old === pattern || draft.regex(old) === undefined) return
  for (const member of draft.members()) if (member.topicRegex === old) return
  draft.setRegex(old, null)
}

/** Says whether two lists have the same texts in the same order. */
export const sameTexts = (left: readonly string[], right: readonly string[]): boolean =>
  left === right || (left.length === right.length && left.every((text, at) => text === right[at]))
