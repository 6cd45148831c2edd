// The SQL that each change of a transaction becomes.
import type { StoredTransactionEvent, TransactionChange, TransactionFacts } from '#coordinators'
import type { Statement } from '#world'

/** The statements that store the changes, in order. */
export const transactionStatements = (changes: readonly TransactionChange[]): Statement[] =>
  changes.flatMap(({ transactionalId, event }) => statementsOf(transactionalId, event))

const statementsOf = (transactionalId: string, event: StoredTransactionEvent): Statement[] => {
  const values = [transactionalId]
  switch (event.kind) {
    case 'changed':
      return [putTransaction(transactionalId, event.facts)]
    case 'partitionsAdded': {
      const runs = event.partitions.map((each) => [transactionalId, each.topicId, each.partition])
      return [{ sql: addPartition, runs }]
    }
    case 'groupAdded':
      return [
        {
          sql: 'INSERT OR IGNORE INTO transaction_groups VALUES (?, ?)',
          values: [transactionalId, event.groupId],
        },
      ]
    case 'offsetsPended': {
      const runs = event.offsets.map((each) => [
        ...[transactionalId, event.groupId, each.topicId, each.partition],
        ...[each.offset, each.leaderEpoch, each.metadata, each.committedAtMs],
      ])
      return [{ sql: setPending, runs }]
    }
    case 'offsetsDecided': {
      const forget = { sql: 'DELETE FROM pending_offsets WHERE transactional_id = ?', values }
      return event.commit ? [{ sql: commitPending, values }, forget] : [forget]
    }
    case 'cleared':
      return [
        { sql: 'DELETE FROM transaction_partitions WHERE transactional_id = ?', values },
        { sql: 'DELETE FROM transaction_groups WHERE transactional_id = ?', values },
      ]
    case 'removed':
      return [{ sql: 'DELETE FROM transactions WHERE transactional_id = ?', values }]
  }
}

const putTransaction = (transactionalId: string, facts: TransactionFacts): Statement => ({
  sql: 'INSERT OR REPLACE INTO transactions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
  values: [
    ...[transactionalId, facts.producerId, facts.previousProducerId, facts.nextProducerId],
    ...[facts.epoch, facts.lastEpoch, facts.phase, facts.timeoutMs],
    ...[facts.startedAtMs, facts.updatedAtMs, facts.version],
  ],
})

/** The topic may have been deleted meanwhile. */
const addPartition = `INSERT OR IGNORE INTO transaction_partitions
  SELECT ?1, ?2, ?3 WHERE EXISTS (SELECT 1 FROM topics WHERE topic_id = ?2)`

const setPending = `INSERT OR REPLACE INTO pending_offsets
  SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8 WHERE EXISTS (SELECT 1 FROM topics WHERE topic_id = ?3)`

/** An offset that was committed outside, later than the one in the transaction, stays. */
const commitPending = `INSERT INTO committed_offsets
  SELECT group_id, topic_id, partition, committed_offset, leader_epoch, metadata, committed_at_ms, NULL
    FROM pending_offsets WHERE transactional_id = ?
  ON CONFLICT DO UPDATE SET committed_offset = excluded.committed_offset,
      leader_epoch = excluded.leader_epoch, metadata = excluded.metadata,
      committed_at_ms = excluded.committed_at_ms, expires_at_ms = NULL
    WHERE excluded.committed_at_ms >= committed_offsets.committed_at_ms`
