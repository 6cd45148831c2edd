/**
 * The tables of transactions. What a transaction has written to and the offsets in it are kept only until
 * it is over; a topic takes its part of them with it.
 */
export const transactionSchema = [
  `CREATE TABLE IF NOT EXISTS transactions (
     transactional_id TEXT PRIMARY KEY,
     producer_id INTEGER NOT NULL,
     previous_producer_id INTEGER NOT NULL,
     next_producer_id INTEGER NOT NULL,
     epoch INTEGER NOT NULL,
     last_epoch INTEGER NOT NULL,
     state TEXT NOT NULL,
     timeout_ms INTEGER NOT NULL,
     started_at_ms INTEGER NOT NULL,
     updated_at_ms INTEGER NOT NULL,
     version INTEGER NOT NULL
   ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE IF NOT EXISTS transaction_partitions (
     transactional_id TEXT NOT NULL,
     topic_id TEXT NOT NULL REFERENCES topics ON DELETE CASCADE,
     partition INTEGER NOT NULL,
     PRIMARY KEY (transactional_id, topic_id, partition)
   ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE IF NOT EXISTS transaction_groups (
     transactional_id TEXT NOT NULL,
     group_id TEXT NOT NULL,
     PRIMARY KEY (transactional_id, group_id)
   ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE IF NOT EXISTS pending_offsets (
     transactional_id TEXT NOT NULL,
     group_id TEXT NOT NULL,
     topic_id TEXT NOT NULL REFERENCES topics ON DELETE CASCADE,
     partition INTEGER NOT NULL,
     committed_offset INTEGER NOT NULL,
     leader_epoch INTEGER NOT NULL,
     metadata TEXT NOT NULL,
     committed_at_ms INTEGER NOT NULL,
     PRIMARY KEY (transactional_id, group_id, topic_id, partition)
   ) STRICT, WITHOUT ROWID`,
  'CREATE INDEX IF NOT EXISTS pending_offsets_by_group ON pending_offsets (group_id)',
]
