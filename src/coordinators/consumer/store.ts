// What the groups ask of a store, and the words they say it in.
import type { MachineStore } from '../runtime.ts'
import type { StoredClassicEvent } from './classic/events.ts'
import type { ClassicPhase, ClassicState } from './classic/state.ts'
import type { GroupState } from './modern/commands.ts'
import type { StoredModernEvent } from './modern/events.ts'
import type { ModernGroup } from './modern/state.ts'
import type { CommittedOffset, ExpiryRule, OffsetPartition } from './offsets/committed.ts'

/** A group that the machine of the classic protocol looks after. */
export interface ClassicMachine {
  readonly kind: 'classic'
  readonly state: ClassicState
  /** When the last commit was decided; offsets that were looked at before are not all there are. */
  committedAtMs: number
}

/** A group that the machine of the newer protocol looks after (KIP-848). */
export interface ModernMachine {
  readonly kind: 'modern'
  readonly state: ModernGroup
  /** As in a classic group. */
  committedAtMs: number
}

/** A group with the machine that looks after it: that of the protocol which its members began with. */
export type GroupMachine = ClassicMachine | ModernMachine

/** What changes in the store. All changes of one write take effect together. */
export type GroupChange =
  | { readonly kind: 'classic'; readonly groupId: string; readonly event: StoredClassicEvent }
  | { readonly kind: 'modern'; readonly groupId: string; readonly event: StoredModernEvent }
  /** The rows of classic members go: those of the newer protocol follow. The group and its offsets stay. */
  | { readonly kind: 'upgraded'; readonly groupId: string }
  /** The other way round. */
  | { readonly kind: 'downgraded'; readonly groupId: string }
  /** Sets offsets of a group that exists; those of topics that have been deleted since do not count. */
  | {
      readonly kind: 'offsets'
      readonly groupId: string
      readonly offsets: readonly CommittedOffset[]
    }
  | {
      readonly kind: 'offsetsDeleted'
      readonly groupId: string
      readonly partitions: readonly OffsetPartition[]
    }
  /** Forgets the offsets that are older than the rule allows. */
  | {
      readonly kind: 'offsetsExpired'
      readonly groupId: string
      readonly rule: ExpiryRule
      readonly nowMs: number
      readonly retentionMs: number
    }
  /** Forgets all offsets of a group. */
  | { readonly kind: 'offsetsForgotten'; readonly groupId: string }

/** A group as a listing shows it. */
export interface StoredGroup {
  readonly groupId: string
  readonly type: 'classic' | 'consumer'
  readonly protocolType: string
  readonly phase: ClassicPhase | GroupState
}

/** Where groups and offsets are kept. Every read sees all earlier writes. */
export interface GroupStore extends MachineStore<GroupMachine, GroupChange> {
  /** The ids of the groups that have members. */
  withMembers(): Promise<readonly string[]>
  list(): Promise<readonly StoredGroup[]>
  /** Offsets of a group: those asked for, or with null all. */
  offsets(
    groupId: string,
    partitions: readonly OffsetPartition[] | null,
  ): Promise<readonly CommittedOffset[]>
  /** The groups that may have offsets to be forgotten, because one of theirs may date from before then. */
  withOldOffsets(cutoffMs: number): Promise<readonly string[]>
  hasOffsets(groupId: string): Promise<boolean>
}
