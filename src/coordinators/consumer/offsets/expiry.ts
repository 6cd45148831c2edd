// When committed offsets are forgotten (KIP-211): those of a group that has had no members for long, those of
// topics that its members no longer read, and those of readers that are no group, each by its commit.
import type { Uuid } from '#model'
import type { ClassicState } from '../classic/state.ts'
import { consumerProtocolType, subscribedTopics } from '../classic/subscribed.ts'
import type { ModernGroup } from '../modern/state.ts'
import type { GroupMachine } from '../store.ts'
import type { ExpiryRule } from './committed.ts'

type TopicIdOf = (name: string) => Uuid | undefined

/** Says which offsets of a group may be forgotten; `topicIdOf` finds the topics that members name. */
export const expiryRule = (machine: GroupMachine, topicIdOf: TopicIdOf): ExpiryRule =>
  machine.kind === 'classic'
    ? classicRule(machine.state, topicIdOf)
    : modernRule(machine.state, topicIdOf)

const modernRule = ({ members, regexes }: ModernGroup, topicIdOf: TopicIdOf): ExpiryRule => {
  const topics = new Set([...regexes.values()].flat())
  for (const { topicNames } of members.values()) for (const name of topicNames) topics.add(name)
  return { kind: 'commit', except: [...topics].flatMap((topic) => topicIdOf(topic) ?? []) }
}

const classicRule = (state: ClassicState, topicIdOf: TopicIdOf): ExpiryRule => {
  const { phase, protocolType, emptySinceMs } = state.facts
  if (protocolType === null) return { kind: 'commit', except: [] }
  if (phase === 'Empty')
    return emptySinceMs === null
      ? { kind: 'commit', except: [] }
      : { kind: 'group', sinceMs: emptySinceMs }
  const topics = subscribedTopics(state)
  if (protocolType !== consumerProtocolType || phase !== 'Stable' || topics === null)
    return { kind: 'none' }
  return { kind: 'commit', except: [...topics].flatMap((topic) => topicIdOf(topic) ?? []) }
}
