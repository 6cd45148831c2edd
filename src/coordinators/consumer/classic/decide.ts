import { KafkaError, kafkaError } from '#model'
import type {
  ClassicCommand,
  ClassicDecision,
  ClassicDescription,
  ClassicReply,
  CommitCommand,
} from './commands.ts'
import { ClassicDraft } from './draft.ts'
import { join } from './join.ts'
import { leave, removeGroup } from './leave.ts'
import { knownClassicMember, memberOfGeneration, metadataOf, renewSession } from './members.ts'
import type { ClassicState } from './state.ts'
import { sync } from './sync.ts'
import { load, wake } from './timers.ts'

/**
 * Decides what a command does to a classic group (KIP-62, 345, 394, 559, 814). The group is not changed:
 * the runtime applies the events, and says the replies when they are stored. A refusal has no events.
 * `nowMs` may be of any clock that never goes back.
 */
export const decideClassic = (
  state: ClassicState,
  command: ClassicCommand,
  nowMs: number,
): ClassicDecision => {
  const draft = new ClassicDraft(state)
  try {
    const reply = answer(draft, command, nowMs)
    return { events: draft.events, reply, settled: draft.settled, wakeAt: draft.wakeAt }
  } catch (error) {
    if (!(error instanceof KafkaError)) throw error
    const reply: ClassicReply = { kind: 'refused', error: error.errorName, message: error.message }
    return { events: [], reply, wakeAt: new ClassicDraft(state).wakeAt }
  }
}

const answer = (
  draft: ClassicDraft,
  command: ClassicCommand,
  nowMs: number,
): ClassicReply | null => {
  switch (command.kind) {
    case 'join':
      return join(draft, command, nowMs)
    case 'sync':
      return sync(draft, command, nowMs)
    case 'heartbeat':
      return heartbeat(draft, command, nowMs)
    case 'leave':
      return leave(draft, command, nowMs)
    case 'commit':
      checkCommit(draft, command, nowMs)
      return done
    case 'describe':
      return describe(draft)
    case 'delete':
      removeGroup(draft)
      return done
    case 'load':
      load(draft, nowMs)
      return done
    case 'wake':
      wake(draft, nowMs)
      return done
  }
}

/** While a generation waits for its assignment members are left in peace, as in Kafka. */
const heartbeat = (
  draft: ClassicDraft,
  command: Extract<ClassicCommand, { kind: 'heartbeat' }>,
  nowMs: number,
): ClassicReply => {
  const member = memberOfGeneration(draft, command)
  renewSession(draft, member, nowMs)
  if (draft.facts.phase !== 'PreparingRebalance') return done
  return {
    kind: 'refused',
    error: 'REBALANCE_IN_PROGRESS',
    message: 'The member has to join again.',
  }
}

/**
 * Refuses a commit of someone who is not, or no longer, the member that it says it is. Who is no member may
 * commit as long as there is none; a group that nobody knows then begins to exist.
 */
const checkCommit = (draft: ClassicDraft, command: CommitCommand, nowMs: number): void => {
  const { memberId, instanceId, generationId, transactional } = command
  const { phase } = draft.facts
  if (!draft.state.exists) {
    if (generationId >= 0) throw kafkaError('ILLEGAL_GENERATION')
    draft.setFacts({})
    return
  }
  if (generationId < 0 && phase === 'Empty') return
  if (generationId >= 0 || memberId !== '' || instanceId !== null) {
    const member = knownClassicMember(draft, { memberId, instanceId })
    memberOfGeneration(draft, { memberId, instanceId, generationId })
    renewSession(draft, member, nowMs)
  } else if (!transactional) throw kafkaError('UNKNOWN_MEMBER_ID')
  // It knows its generation, but not yet what it owns there.
  if (!transactional && phase === 'CompletingRebalance') throw kafkaError('REBALANCE_IN_PROGRESS')
}

/** What members offered and were assigned is shown while it holds (as in Kafka). */
const describe = (draft: ClassicDraft): ClassicDescription => {
  if (!draft.state.exists) throw kafkaError('GROUP_ID_NOT_FOUND')
  const { phase, protocolType, protocolName } = draft.facts
  const isStable = phase === 'Stable'
  return {
    kind: 'describedClassic',
    phase,
    protocolType: protocolType ?? '',
    protocolName: isStable ? (protocolName ?? '') : '',
    members: Array.from(draft.members(), (member) => ({
      memberId: member.memberId,
      instanceId: member.instanceId,
      clientId: member.clientId,
      clientHost: member.clientHost,
      metadata: isStable ? metadataOf(member, protocolName) : nothing,
      assignment: isStable ? member.assignment : nothing,
    })),
  }
}

const nothing = new Uint8Array(0)
const done = { kind: 'done' } as const
