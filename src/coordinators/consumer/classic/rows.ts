// What of a classic group is stored, as rows of tables; a group is rebuilt from them alone.
import { applyClassic } from './apply.ts'
import {
  type ClassicGroupFacts,
  type ClassicMember,
  type ClassicMemberFacts,
  type ClassicState,
  newClassicState,
} from './state.ts'

/** The row of a member; its key is group id and member id. */
export interface ClassicMemberRow extends ClassicMemberFacts {
  readonly assignment: Uint8Array
}

/** All rows of one group, the members in the order in which they came. */
export interface ClassicRows {
  readonly groupId: string
  readonly group: ClassicGroupFacts
  readonly members: readonly ClassicMemberRow[]
}

/** The rows of a group that exists. */
export const classicRowsOf = (state: ClassicState): ClassicRows => ({
  groupId: state.groupId,
  group: state.facts,
  members: Array.from(state.members.values(), memberRow),
})

const memberRow = ({ waits: _, ...row }: ClassicMember): ClassicMemberRow => row

/** Rebuilds a group from its rows. Its timers are to be started by the command `load`. */
export const classicFromRows = ({ groupId, group, members }: ClassicRows): ClassicState => {
  const state = newClassicState(groupId)
  applyClassic(state, { kind: 'groupChanged', facts: group })
  for (const { assignment, ...member } of members) {
    const { memberId } = member
    applyClassic(state, { kind: 'memberChanged', member })
    applyClassic(state, { kind: 'assigned', assignments: [{ memberId, assignment }] })
  }
  return state
}
