// Topics and groups that come from elsewhere, records and all.
import type { CommittedOffset } from '#coordinators'
import type { Uuid } from '#model'
import type { Database, Statement } from '#world'
import { groupSchema } from './group-schema.ts'
import { statementsOf } from './group-statements.ts'
import { insertTopic } from './store.ts'
import { transactionSchema } from './transaction-schema.ts'

/** A topic whose partitions are in the data folder already. */
export interface ImportedTopic {
  id: Uuid
  name: string
  partitionCount: number
  configs: Readonly<Record<string, string>>
  /** The highest leader epoch that any of its logs knows; the next start is above it. */
  leaderEpoch: number
}

/** A group without members. */
export interface ImportedGroup {
  groupId: string
  protocolType: string | null
  offsets: readonly CommittedOffset[]
}

/**
 * Makes topics and groups known, all of them or none; `starts` is how often the broker has started. A group
 * that is there stays what it is and gets the offsets.
 */
export const importMetadata = async (
  database: Database,
  starts: number,
  topics: readonly ImportedTopic[],
  groups: readonly ImportedGroup[],
  nowMs: number,
): Promise<void> => {
  const now = Math.floor(nowMs)
  await database.write([...groupSchema, ...transactionSchema].map((sql) => ({ sql })))
  await database.write([
    ...topics.flatMap(({ leaderEpoch, ...topic }) =>
      insertTopic({ ...topic, createdInStart: starts - leaderEpoch }, now),
    ),
    ...groups.map(({ groupId, protocolType }) => insertGroup(groupId, protocolType, now)),
    ...statementsOf(
      groups.map(({ groupId, offsets }) => ({ kind: 'offsets', groupId, offsets })),
      now,
    ),
  ])
}

const insertGroup = (groupId: string, protocolType: string | null, now: number): Statement => ({
  sql: `INSERT INTO groups VALUES (?1, 'classic', 'Empty', 0, ?2, NULL, NULL, ?3, ?3)
    ON CONFLICT DO NOTHING`,
  values: [groupId, protocolType, now],
})
