// How a group passes from the machine of one protocol to that of the other (KIP-848, "Migration").

import type { Settled } from '../machine.ts'
import type { ClassicReply } from './classic/commands.ts'
import type { ClassicEvent } from './classic/events.ts'
import type { ClassicState, OfferedProtocol } from './classic/state.ts'
import type { ClassicGroup } from './modern/classic-group.ts'
import type { ClassicProtocol } from './modern/member.ts'

/** A classic group as the machine of the newer protocol takes it over. */
export const classicGroupOf = ({ groupId, facts, members }: ClassicState): ClassicGroup => ({
  groupId,
  generationId: facts.generationId,
  protocolType: facts.protocolType ?? '',
  protocolName: facts.protocolName,
  members: Array.from(members.values(), ({ waits: _, assignment, protocols, ...member }) => ({
    ...member,
    protocols: inBase64(protocols),
    assignment: Buffer.from(assignment).toString('base64'),
  })),
})

/** What is said to those who wait for a generation that will not begin: they have to join again. */
export const calledAgain = ({ members }: ClassicState): Settled<ClassicReply>[] =>
  [...members.values()].flatMap(({ waits: { join, sync } }) =>
    [join, sync].flatMap((ticket) => (ticket === null ? [] : [{ ticket, reply: rebalancing }])),
  )

const rebalancing = {
  kind: 'refused',
  error: 'REBALANCE_IN_PROGRESS',
  message: 'The group goes on with the consumer protocol: join again.',
} as const

/**
 * What makes a classic group of one that the newer protocol hands back. Its members know their
 * generation when it is settled, else they are called to join the next one.
 */
export const handedOver = (group: ClassicGroup, isSettled: boolean): ClassicEvent[] => {
  const { generationId, protocolType, protocolName, members } = group
  const assignments = members.map(({ memberId, assignment }) => ({
    memberId,
    assignment: fromBase64(assignment),
  }))
  return [
    ...members.map(
      ({ assignment: _, protocols, ...member }): ClassicEvent => ({
        kind: 'memberChanged',
        member: {
          ...member,
          protocols: protocols.map(({ name, metadata }) => ({
            name,
            metadata: fromBase64(metadata),
          })),
        },
      }),
    ),
    { kind: 'assigned', assignments },
    {
      kind: 'groupChanged',
      facts: {
        phase: isSettled ? 'Stable' : 'PreparingRebalance',
        generationId,
        protocolType,
        protocolName,
        leaderId: null,
        emptySinceMs: null,
      },
    },
  ]
}

/** The embedded metadata as the machine of the newer protocol keeps them. */
export const inBase64 = (protocols: readonly OfferedProtocol[]): ClassicProtocol[] =>
  protocols.map(({ name, metadata }) => ({
    name,
    metadata: Buffer.from(metadata).toString('base64'),
  }))

/** Bytes of their own from a text of the machine of the newer protocol. */
export const fromBase64 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'))
