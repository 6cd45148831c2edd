import { KafkaError } from '#model'
import { decodeSubscription } from '../modern/consumer-protocol.ts'
import { metadataOf } from './members.ts'
import type { ClassicState } from './state.ts'

/** The protocol type of groups whose members embed what they subscribe to. */
export const consumerProtocolType = 'consumer'

/**
 * The topics that the members of a consumer group read, by name; null when that cannot be told. Only
 * what becomes of old offsets depends on it.
 */
export const subscribedTopics = ({ facts, members }: ClassicState): ReadonlySet<string> | null => {
  if (facts.protocolType !== consumerProtocolType || facts.protocolName === null) return null
  const topics = new Set<string>()
  for (const member of members.values()) {
    const metadata = Buffer.from(metadataOf(member, facts.protocolName)).toString('base64')
    try {
      for (const topic of decodeSubscription(metadata).topics) topics.add(topic)
    } catch (error) {
      if (error instanceof KafkaError) return null
      throw error
    }
  }
  return topics
}

/** Says whether the group's members read the topic, or may do so. */
export const isSubscribed = (state: ClassicState, topic: string): boolean => {
  if (state.members.size === 0) return false
  return subscribedTopics(state)?.has(topic) ?? state.facts.protocolType === consumerProtocolType
}
