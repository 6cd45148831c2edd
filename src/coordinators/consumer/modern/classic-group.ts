import type { ClassicProtocol } from './member.ts'

/** A member of a classic group as the two machines hand it to each other. */
export interface ClassicGroupMember {
  readonly memberId: string
  readonly instanceId: string | null
  readonly clientId: string
  readonly clientHost: string
  readonly sessionTimeoutMs: number
  readonly rebalanceTimeoutMs: number
  readonly protocols: readonly ClassicProtocol[]
  /** The embedded assignment in base64; empty when it has none. */
  readonly assignment: string
}

/** A classic group as the two machines hand it to each other when a group changes its protocol. */
export interface ClassicGroup {
  readonly groupId: string
  readonly generationId: number
  readonly protocolType: string
  /** The protocol that the generation runs by; null when it has none. */
  readonly protocolName: string | null
  readonly members: readonly ClassicGroupMember[]
}
