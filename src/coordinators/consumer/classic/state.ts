/** Where a classic group stands. What Kafka calls Dead is here a group that does not exist. */
export type ClassicPhase = 'Empty' | 'PreparingRebalance' | 'CompletingRebalance' | 'Stable'

/** A protocol that a member offers. The broker never looks into its metadata. */
export interface OfferedProtocol {
  readonly name: string
  readonly metadata: Uint8Array
}

/** What is stored of a member besides its assignment. */
export interface ClassicMemberFacts {
  readonly memberId: string
  readonly instanceId: string | null
  readonly clientId: string
  readonly clientHost: string
  readonly sessionTimeoutMs: number
  readonly rebalanceTimeoutMs: number
  /** What it prefers first. */
  readonly protocols: readonly OfferedProtocol[]
}

/** Whose answers wait in the runtime, and what is still expected of the member. Never stored. */
export interface ClassicWaits {
  /** The ticket of its parked JoinGroup. */
  readonly join: number | null
  /** The ticket of its parked SyncGroup. */
  readonly sync: number | null
  /** It joined in this round and has not been told its generation, perhaps not even its id. */
  readonly isNew: boolean
  /** It has been told the generation and has not asked for its assignment yet. */
  readonly owesSync: boolean
}

/** A member of a group. Never changed, only replaced. */
export interface ClassicMember extends ClassicMemberFacts {
  readonly assignment: Uint8Array
  readonly waits: ClassicWaits
}

/** What the group as a whole waits for; times in ms. */
export type ClassicDeadline =
  /** The delay of a group's first rebalance, which each new member may draw out while `remainingMs` lasts. */
  | {
      readonly kind: 'initial'
      readonly endMs: number
      readonly delayMs: number
      readonly remainingMs: number
      readonly hasNewMember: boolean
    }
  /** All members have to join again until then. */
  | { readonly kind: 'join'; readonly endMs: number }
  /** All members have to ask for their assignments until then. */
  | { readonly kind: 'sync'; readonly endMs: number }

/** What is stored of the group as a whole. */
export interface ClassicGroupFacts {
  readonly phase: ClassicPhase
  readonly generationId: number
  /** Null for a group that has only ever had offsets. */
  readonly protocolType: string | null
  readonly protocolName: string | null
  readonly leaderId: string | null
  /** Since when it has had no members; null while it has some. */
  readonly emptySinceMs: number | null
}

/** A classic group as the machine keeps it. Only `apply` changes it. */
export interface ClassicState {
  readonly groupId: string
  /** Whether the store has it, or will have. */
  exists: boolean
  facts: ClassicGroupFacts
  readonly members: Map<string, ClassicMember>

  // What follows can be told from the above, or starts anew after a load.
  readonly memberIdByInstance: Map<string, string>
  /** How many members offer a protocol. */
  readonly offers: Map<string, number>
  /** How many JoinGroups are parked. */
  joinedCount: number
  /** How many members have not asked for their assignment yet. */
  owedCount: number
  /** Ids given out that have not been used yet (KIP-394), and until when they may be. */
  readonly pending: Map<string, number>
  /** When each member must have been heard of. */
  readonly sessions: Map<string, number>
  deadline: ClassicDeadline | null
  /** No timer ends before; one that was put off leaves it too early, never too late. */
  wakeAtMs: number
}

/** The facts of a group that nobody has joined. */
export const newClassicFacts: ClassicGroupFacts = {
  phase: 'Empty',
  generationId: 0,
  protocolType: null,
  protocolName: null,
  leaderId: null,
  emptySinceMs: null,
}

/** A group that nobody has joined. */
export const newClassicState = (groupId: string): ClassicState => ({
  groupId,
  exists: false,
  facts: newClassicFacts,
  members: new Map(),
  memberIdByInstance: new Map(),
  offers: new Map(),
  joinedCount: 0,
  owedCount: 0,
  pending: new Map(),
  sessions: new Map(),
  deadline: null,
  wakeAtMs: Number.POSITIVE_INFINITY,
})

/** A member that waits for nothing. */
export const noWaits: ClassicWaits = { join: null, sync: null, isNew: false, owesSync: false }
