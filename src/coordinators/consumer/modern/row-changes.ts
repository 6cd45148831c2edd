import type { ModernEvent } from './events.ts'
import { partitionsOf, type Standing } from './member.ts'

/** The tables of groups of the newer protocol; each row of each has the id of its group besides. */
export type ModernTable = 'group' | 'member' | 'held' | 'target' | 'regex'

/** The columns of a row, or of its key. Texts in JSON are marked so by the name of their column. */
export type Columns = Readonly<Record<string, string | number | null>>

/** What happens to the rows of one group: `put` writes the named columns, `delete` takes all that match. */
export type RowChange =
  | {
      readonly kind: 'put'
      readonly table: ModernTable
      readonly key: Columns
      readonly columns: Columns
    }
  | { readonly kind: 'delete'; readonly table: ModernTable; readonly where: Columns }

/**
 * The key columns of each table, after the group's id: what a store declares them with. One partition
 * has one holder, so that the member is no part of the key of `held`. A member that has not been
 * assigned anything yet has the defaults of its columns: state STABLE, epoch 0, previousEpoch -1.
 */
export const modernTableKeys: Readonly<Record<ModernTable, readonly string[]>> = {
  group: [],
  member: ['memberId'],
  held: ['topicId', 'partition'],
  target: ['memberId', 'topicId', 'partition'],
  regex: ['pattern'],
}

/** The changes of rows that store an event, in order; of one that is not stored there are none. */
export const rowChangesOf = (event: ModernEvent): readonly RowChange[] => {
  switch (event.kind) {
    case 'groupChanged':
      return [put('group', {}, { epoch: event.epoch, topicsDigest: event.topicsDigest })]
    case 'memberSubscribed': {
      const { memberId, topicNames, classic, ...columns } = event.subscription
      const texts = { topicNamesJson: JSON.stringify(topicNames), classicJson: jsonOf(classic) }
      return [put('member', { memberId }, { ...columns, ...texts })]
    }
    case 'memberAssigned':
      return assignedChanges(event.memberId, event.standing)
    case 'memberRemoved': {
      const where = { memberId: event.memberId }
      return (['member', 'held', 'target'] as const).map((table) => remove(table, where))
    }
    case 'targetChanged':
      return [
        put('group', {}, { targetEpoch: event.epoch, targetAtMs: event.atMs }),
        ...event.members.flatMap(({ memberId, partitions }) => [
          remove('target', { memberId }),
          ...Object.entries(partitions).flatMap(([topicId, numbers]) =>
            numbers.map((partition) => put('target', { memberId, topicId, partition }, {})),
          ),
        ]),
      ]
    case 'regexResolved': {
      const { pattern, topics } = event
      return [put('regex', { pattern }, { topicsJson: JSON.stringify(topics) })]
    }
    case 'regexDropped':
      return [remove('regex', { pattern: event.pattern })]
    case 'groupRemoved':
    case 'groupDowngraded':
      return (Object.keys(modernTableKeys) as ModernTable[]).map((table) => remove(table, {}))
    default:
      return []
  }
}

const assignedChanges = (memberId: string, standing: Standing): RowChange[] => {
  const { state, epoch, previousEpoch } = standing
  const rows = ([false, true] as const).flatMap((revoking) =>
    [...partitionsOf(revoking ? standing.revoking : standing.assigned)].map((held) =>
      put(
        'held',
        { topicId: held.topicId, partition: held.partition },
        { memberId, epoch: held.epoch, revoking: revoking ? 1 : 0 },
      ),
    ),
  )
  return [
    put('member', { memberId }, { state, epoch, previousEpoch }),
    remove('held', { memberId }),
    ...rows,
  ]
}

const put = (table: ModernTable, key: Columns, columns: Columns): RowChange => ({
  kind: 'put',
  table,
  key,
  columns,
})

const remove = (table: ModernTable, where: Columns): RowChange => ({ kind: 'delete', table, where })

const jsonOf = (value: unknown): string | null => (value === null ? null : JSON.stringify(value))
