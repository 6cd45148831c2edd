import { KafkaError, kafkaError } from '#model'
import { classicHeartbeat, classicJoin, classicLeave, classicSync } from './classic-members.ts'
import type { Decision, ModernCommand, ModernReply } from './commands.ts'
import { describe } from './describe.ts'
import { Draft } from './draft.ts'
import { heartbeat } from './heartbeat.ts'
import { upgrade } from './migration.ts'
import { checkCommit, checkFetch } from './offset-checks.ts'
import type { ModernGroup } from './state.ts'
import { load, wake } from './timers.ts'

/**
 * Decides what a command does to a consumer group of the newer protocol (KIP-848). The group is not
 * changed: the runtime applies the events, and says the reply when they are stored. A refusal has no
 * events. `nowMs` may be of any clock that the timers of the group have run by so far.
 */
export const decideModern = (
  group: ModernGroup,
  command: ModernCommand,
  nowMs: number,
): Decision => {
  const draft = new Draft(group)
  try {
    const reply = answer(draft, command, nowMs)
    return { events: draft.events, reply, wakeAt: draft.wakeAt }
  } catch (error) {
    if (!(error instanceof KafkaError)) throw error
    const reply: ModernReply = { kind: 'refused', error: error.errorName, message: error.message }
    return { events: [], reply, wakeAt: new Draft(group).wakeAt }
  }
}

const answer = (draft: Draft, command: ModernCommand, nowMs: number): ModernReply => {
  switch (command.kind) {
    case 'heartbeat':
      return heartbeat(draft, command, nowMs)
    case 'classicJoin':
      return classicJoin(draft, command, nowMs)
    case 'classicSync':
      return classicSync(draft, command, nowMs)
    case 'classicHeartbeat':
      return classicHeartbeat(draft, command, nowMs)
    case 'classicLeave':
      return classicLeave(draft, command, nowMs)
    case 'describe':
      return describe(draft, command)
    case 'checkCommit':
      checkCommit(draft, command)
      return done
    case 'checkFetch':
      checkFetch(draft, command)
      return done
    case 'upgrade':
      upgrade(draft, command.classic, command, nowMs)
      return done
    case 'delete':
      remove(draft)
      return done
    case 'load':
      load(draft, command, nowMs)
      return done
    case 'wake':
      wake(draft, command, nowMs)
      return done
  }
}

const remove = (draft: Draft): void => {
  if (draft.epoch === 0) throw kafkaError('GROUP_ID_NOT_FOUND')
  if (draft.memberCount() > 0) throw kafkaError('NON_EMPTY_GROUP')
  draft.events.push({ kind: 'groupRemoved' })
}

const done = { kind: 'done' } as const
