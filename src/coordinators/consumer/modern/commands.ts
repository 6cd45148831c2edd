import type { ErrorName, Uuid } from '#model'
import type { Partitions } from '../assignors/assignors.ts'
import type { ClassicGroup } from './classic-group.ts'
import type { ModernEvent } from './events.ts'
import type { ClassicProtocol } from './member.ts'
import type { Owned } from './reconcile.ts'
import type { Surroundings } from './subscriptions.ts'

/** A ConsumerGroupHeartbeat as the wire has it; null or -1 says that nothing has changed. */
export interface HeartbeatRequest {
  readonly groupId: string
  readonly memberId: string
  readonly memberEpoch: number
  readonly instanceId: string | null
  readonly rackId: string | null
  readonly rebalanceTimeoutMs: number
  readonly subscribedTopicNames: readonly string[] | null
  readonly subscribedTopicRegex?: string | null
  readonly serverAssignor: string | null
  readonly topicPartitions: Owned | null
}

/** Who is at the other end of the connection. */
export interface Caller {
  readonly clientId: string
  readonly clientHost: string
  /** An id that no member has, for one that comes without. */
  readonly newMemberId: string
}

export interface HeartbeatCommand extends Surroundings, Caller {
  readonly kind: 'heartbeat'
  /** The version of the API: from 1 on the member makes its own id. */
  readonly version: number
  readonly request: HeartbeatRequest
}

/** A JoinGroup of a classic member. */
export interface ClassicJoinCommand extends Surroundings, Caller {
  readonly kind: 'classicJoin'
  readonly memberId: string
  readonly instanceId: string | null
  readonly protocolType: string
  readonly protocols: readonly ClassicProtocol[]
  readonly sessionTimeoutMs: number
  readonly rebalanceTimeoutMs: number
  /** Whether a new member has to come again with the id that it is given (JoinGroup 4, KIP-394). */
  readonly requiresKnownMemberId: boolean
}

interface ClassicMemberCommand extends Surroundings {
  readonly memberId: string
  readonly instanceId: string | null
  readonly generationId: number
}

export interface ClassicSyncCommand extends ClassicMemberCommand {
  readonly kind: 'classicSync'
  /** Null where the version does not carry them. */
  readonly protocolType: string | null
  readonly protocolName: string | null
}

export interface ClassicHeartbeatCommand extends ClassicMemberCommand {
  readonly kind: 'classicHeartbeat'
}

export interface ClassicLeaveCommand extends Surroundings {
  readonly kind: 'classicLeave'
  readonly members: readonly { readonly memberId: string; readonly instanceId: string | null }[]
}

/** Asks whether a member may commit offsets. */
export interface CheckCommitCommand {
  readonly kind: 'checkCommit'
  readonly memberId: string
  readonly instanceId: string | null
  /** The member epoch, or the generation of a classic member. */
  readonly epoch: number
  readonly version: number
  readonly transactional: boolean
  readonly partitions: readonly { readonly topicId: Uuid; readonly partition: number }[]
}

/** Asks whether a member may read offsets; an epoch below 0 without a member is no member. */
export interface CheckFetchCommand {
  readonly kind: 'checkFetch'
  readonly memberId: string | null
  readonly epoch: number
}

export type ModernCommand =
  | HeartbeatCommand
  | ClassicJoinCommand
  | ClassicSyncCommand
  | ClassicHeartbeatCommand
  | ClassicLeaveCommand
  | CheckCommitCommand
  | CheckFetchCommand
  | (Surroundings & { readonly kind: 'describe' })
  /** Takes over a classic group; the group of the machine must be new. */
  | (Surroundings & { readonly kind: 'upgrade'; readonly classic: ClassicGroup })
  /** Deletes a group that has no members (DeleteGroups, or when its last offset has expired). */
  | { readonly kind: 'delete' }
  /** Starts the timers of a group that was loaded from its rows. */
  | (Surroundings & { readonly kind: 'load' })
  /** Puts out the members whose time is over. */
  | (Surroundings & { readonly kind: 'wake' })

export interface RefusedReply {
  readonly kind: 'refused'
  readonly error: ErrorName
  readonly message: string
  /** What MEMBER_ID_REQUIRED tells the member to come with. */
  readonly memberId?: string
}

export interface HeartbeatReply {
  readonly kind: 'heartbeat'
  readonly memberId: string
  readonly memberEpoch: number
  readonly heartbeatIntervalMs: number
  /** Null when the member knows it already. */
  readonly assignment: Partitions | null
}

export interface ClassicJoinedReply {
  readonly kind: 'classicJoined'
  readonly memberId: string
  readonly generationId: number
  readonly protocolType: string
  readonly protocolName: string
}

export interface ClassicSyncedReply {
  readonly kind: 'classicSynced'
  readonly protocolType: string
  readonly protocolName: string
  /** The embedded assignment, in base64. */
  readonly assignment: string
}

export interface ClassicLeftReply {
  readonly kind: 'classicLeft'
  readonly members: readonly {
    readonly memberId: string
    readonly instanceId: string | null
    readonly error: ErrorName
  }[]
}

/** The words that ListGroups and ConsumerGroupDescribe have for a group. */
export type GroupState = 'Empty' | 'Assigning' | 'Reconciling' | 'Stable'

export interface DescribedMember {
  readonly memberId: string
  readonly instanceId: string | null
  readonly rackId: string | null
  readonly memberEpoch: number
  readonly clientId: string
  readonly clientHost: string
  readonly subscribedTopicNames: readonly string[]
  readonly subscribedTopicRegex: string | null
  readonly assignment: Partitions
  readonly targetAssignment: Partitions
  /** 0 for a classic member, 1 for one of the consumer protocol (KIP-1099). */
  readonly memberType: 0 | 1
}

export interface DescribedReply {
  readonly kind: 'described'
  readonly groupState: GroupState
  readonly groupEpoch: number
  readonly assignmentEpoch: number
  readonly assignorName: string
  readonly members: readonly DescribedMember[]
}

export type ModernReply =
  | RefusedReply
  | HeartbeatReply
  | ClassicJoinedReply
  | ClassicSyncedReply
  | ClassicLeftReply
  | DescribedReply
  | { readonly kind: 'done' }

/** What a machine decides: what happens, what is said, and when to wake it, in ms or null. */
export interface Decision {
  readonly events: readonly ModernEvent[]
  readonly reply: ModernReply
  readonly wakeAt: number | null
}
