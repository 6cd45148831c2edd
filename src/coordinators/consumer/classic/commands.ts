import type { ErrorName } from '#model'
import type { Decision } from '../../machine.ts'
import type { ClassicEvent } from './events.ts'
import type { ClassicSettings } from './settings.ts'
import type { ClassicPhase, OfferedProtocol } from './state.ts'

/** A JoinGroup. The runtime parks it under `ticket` when it cannot be answered yet. */
export interface JoinCommand {
  readonly kind: 'join'
  readonly ticket: number
  readonly memberId: string
  readonly instanceId: string | null
  readonly clientId: string
  readonly clientHost: string
  /** An id that no member has, for one that comes without. */
  readonly newMemberId: string
  readonly sessionTimeoutMs: number
  readonly rebalanceTimeoutMs: number
  readonly protocolType: string
  readonly protocols: readonly OfferedProtocol[]
  /** Whether a new member has to come again with the id that it is given (JoinGroup 4, KIP-394). */
  readonly requiresKnownMemberId: boolean
  /** Whether a static leader that came back can be told to leave the assignment as it is (KIP-814). */
  readonly canSkipAssignment: boolean
  readonly settings: ClassicSettings
}

interface MemberCommand {
  readonly memberId: string
  readonly instanceId: string | null
  readonly generationId: number
}

/** A SyncGroup. */
export interface SyncCommand extends MemberCommand {
  readonly kind: 'sync'
  readonly ticket: number
  /** Null where the version does not carry them. */
  readonly protocolType: string | null
  readonly protocolName: string | null
  readonly assignments: readonly { readonly memberId: string; readonly assignment: Uint8Array }[]
}

/** Asks whether a member may commit offsets; a generation below 0 is no member's. */
export interface CommitCommand extends MemberCommand {
  readonly kind: 'commit'
  readonly transactional: boolean
}

export type ClassicCommand =
  | JoinCommand
  | SyncCommand
  | CommitCommand
  | (MemberCommand & { readonly kind: 'heartbeat' })
  | {
      readonly kind: 'leave'
      readonly members: readonly { readonly memberId: string; readonly instanceId: string | null }[]
    }
  | { readonly kind: 'describe' }
  /** Deletes a group that has no members (DeleteGroups, or when its last offset has expired). */
  | { readonly kind: 'delete' }
  /** Starts the timers of a group that was loaded from its rows, or handed over. */
  | { readonly kind: 'load' }
  /** Puts out the members whose time is over, and ends what has waited long enough. */
  | { readonly kind: 'wake' }

export interface ClassicRefusal {
  readonly kind: 'refused'
  readonly error: ErrorName
  readonly message: string
  /** What MEMBER_ID_REQUIRED tells the member to come with. */
  readonly memberId?: string
}

export interface JoinedReply {
  readonly kind: 'joined'
  readonly memberId: string
  readonly generationId: number
  readonly protocolType: string
  readonly protocolName: string
  readonly leaderId: string
  readonly skipAssignment: boolean
  /** Everyone, for the leader; nobody, for the others. */
  readonly members: readonly {
    readonly memberId: string
    readonly instanceId: string | null
    readonly metadata: Uint8Array
  }[]
}

export interface SyncedReply {
  readonly kind: 'synced'
  readonly protocolType: string
  readonly protocolName: string
  readonly assignment: Uint8Array
}

export interface LeftReply {
  readonly kind: 'left'
  readonly members: readonly {
    readonly memberId: string
    readonly instanceId: string | null
    readonly error: ErrorName
  }[]
}

export interface ClassicDescription {
  readonly kind: 'describedClassic'
  readonly phase: ClassicPhase
  readonly protocolType: string
  readonly protocolName: string
  readonly members: readonly {
    readonly memberId: string
    readonly instanceId: string | null
    readonly clientId: string
    readonly clientHost: string
    readonly metadata: Uint8Array
    readonly assignment: Uint8Array
  }[]
}

export type ClassicReply =
  | ClassicRefusal
  | JoinedReply
  | SyncedReply
  | LeftReply
  | ClassicDescription
  | { readonly kind: 'done' }

/** What the machine of classic groups decides. */
export type ClassicDecision = Decision<ClassicEvent, ClassicReply>
