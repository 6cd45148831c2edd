// Who may commit and read offsets of a group, whichever protocol its members speak.
import type { ClassicReply } from './classic/commands.ts'
import { isSubscribed } from './classic/subscribed.ts'
import type { CommandOf, Said, Target } from './classic-requests.ts'
import {
  classicStep,
  type GroupStep,
  groupExists,
  modernStep,
  newClassicGroup,
  unchanged,
} from './group-machine.ts'
import type { ModernReply } from './modern/commands.ts'
import { isSubscribedTo } from './modern/describe.ts'
import { memberEpochVersion } from './modern/offset-checks.ts'
import type { CommittedOffset } from './offsets/committed.ts'
import type { GroupMachine } from './store.ts'

/** Who commits; a generation or member epoch below 0 is no member's. */
export interface Committer extends Said<CommandOf<'commit'>> {
  /** The version of OffsetCommit: members of the newer protocol need one that knows their epochs. */
  readonly version: number
}

/** A reader of offsets that says which member it is (OffsetFetch 9). */
export interface OffsetReader {
  readonly memberId: string | null
  readonly memberEpoch: number
}

/** Stores offsets when the committer may. */
export const commitStep = (
  target: Target,
  committer: Committer,
  offsets: readonly CommittedOffset[],
): GroupStep => {
  const step = checkCommitStep(target, committer, offsets)
  if (step.reply?.kind === 'done' && offsets.length > 0)
    step.changes.push({ kind: 'offsets', groupId: target.groupId, offsets })
  return step
}

/** Says whether the committer may, and marks the group as one that offsets are kept for. */
export const checkCommitStep = (
  target: Target,
  committer: Committer,
  offsets: readonly CommittedOffset[],
): GroupStep => {
  const step = checkStep(target, committer, offsets)
  const isKept = step.reply?.kind === 'done' && offsets.length > 0
  if (isKept && step.machine) step.machine.committedAtMs = target.nowMs
  return step
}

const checkStep = (
  { groupId, machine, nowMs }: Target,
  { version, ...committer }: Committer,
  offsets: readonly CommittedOffset[],
): GroupStep<ClassicReply | ModernReply> => {
  if (isOfNoGroup(machine, version, committer)) return unchanged(machine, noGroup)
  if (machine?.kind !== 'modern')
    return classicStep(machine ?? newClassicGroup(groupId), { kind: 'commit', ...committer }, nowMs)
  const { memberId, instanceId, generationId, transactional } = committer
  return modernStep(
    machine,
    {
      kind: 'checkCommit',
      memberId,
      instanceId,
      epoch: generationId,
      version,
      transactional,
      partitions: offsets,
    },
    nowMs,
  )
}

/** Older versions, and transactions, hear ILLEGAL_GENERATION of a group that there is not (KIP-848). */
const isOfNoGroup = (
  machine: GroupMachine | null,
  version: number,
  { generationId, transactional }: Said<CommandOf<'commit'>>,
): boolean =>
  !transactional && version >= memberEpochVersion && generationId >= 0 && !groupExists(machine)

const noGroup = {
  kind: 'refused',
  error: 'GROUP_ID_NOT_FOUND',
  message: 'There is no group that could have this member.',
} as const

/** Refuses a reader that is not, or no longer, the member that it says it is. */
export const readStep = (
  { machine, nowMs }: Target,
  { memberId, memberEpoch }: OffsetReader,
): GroupStep<ModernReply> =>
  machine?.kind === 'modern'
    ? modernStep(machine, { kind: 'checkFetch', memberId, epoch: memberEpoch }, nowMs)
    : unchanged(machine, { kind: 'done' })

/** Says whether any member of the group reads the topic, so that its offsets must stay (KIP-496). */
export const isRead = (machine: GroupMachine, topic: string): boolean =>
  machine.kind === 'classic'
    ? isSubscribed(machine.state, topic)
    : isSubscribedTo(machine.state, topic)
