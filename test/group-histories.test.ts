// Groups of both protocols in simulated histories: see tools/groups.
import { equal, match, rejects } from 'node:assert/strict'
import { test } from 'node:test'
import type { Plant } from '../tools/groups/coordinator.ts'
import { groupHistories } from '../tools/groups/groups.ts'
import { commitSeed } from './seed.ts'

test('nobody owns what another owns in 100 histories of groups, and all find together', async (t) => {
  const seed = commitSeed()
  t.diagnostic(`again: npm run torture -- --groups 100 --seed ${seed}`)
  const report = await groupHistories({ histories: 100, seed })
  equal(report.restarts > 50, true)
  equal(report.comparisons > 2000, true)
  equal(report.moves > 1000, true)
})

/** A store that loses such events. */
const forgetting = (...kinds: string[]): Plant => ({
  store: (store) => ({
    load: (groupId) => store.load(groupId),
    write: (changes) =>
      store.write(
        changes.filter((change) => !('event' in change) || !kinds.includes(change.event.kind)),
      ),
  }),
})

const planted: [string, Plant][] = [
  [
    'members are told of partitions that others have not given up',
    {
      reply: (reply, machine) => {
        if (reply.kind !== 'heartbeat' || machine?.kind !== 'modern' || !reply.assignment)
          return reply
        return { ...reply, assignment: machine.state.targets.get(reply.memberId) ?? {} }
      },
    },
  ],
  ['the store forgets that members go', forgetting('memberRemoved')],
  ['the store forgets what members were given', forgetting('assigned', 'memberAssigned')],
]

for (const [what, plant] of planted)
  test(`the histories find it out when ${what}`, async (t) => {
    await rejects(groupHistories({ histories: 200, seed: 1, plant }), (error: Error) => {
      match(error.message, /^history /)
      t.diagnostic(error.message.slice(0, 200))
      return true
    })
  })
