/**
 * The tables of groups. What a group of the newer protocol (KIP-848) has besides is in `consumer_groups` and
 * the tables named after it, and its phase can be told from those. A topic takes the offsets of its partitions with it. `offsets_since_ms` says that no
 * offset of the group may be forgotten for an age that is counted from before then, so that a look for old
 * offsets passes by all groups that cannot have any.
 */
export const groupSchema = [
  `CREATE TABLE IF NOT EXISTS groups (
     group_id TEXT PRIMARY KEY,
     kind TEXT NOT NULL CHECK (kind IN ('classic', 'consumer')),
     phase TEXT NOT NULL,
     generation INTEGER NOT NULL,
     protocol_type TEXT,
     protocol_name TEXT,
     leader_id TEXT,
     empty_since_ms INTEGER,
     offsets_since_ms INTEGER NOT NULL
   ) STRICT, WITHOUT ROWID`,
  'CREATE INDEX IF NOT EXISTS groups_by_offsets_since ON groups (offsets_since_ms)',
  `CREATE TABLE IF NOT EXISTS classic_members (
     number INTEGER PRIMARY KEY,
     group_id TEXT NOT NULL,
     member_id TEXT NOT NULL,
     instance_id TEXT,
     client_id TEXT NOT NULL,
     client_host TEXT NOT NULL,
     session_timeout_ms INTEGER NOT NULL,
     rebalance_timeout_ms INTEGER NOT NULL,
     assignment BLOB NOT NULL,
     UNIQUE (group_id, member_id)
   ) STRICT`,
  `CREATE TABLE IF NOT EXISTS classic_member_protocols (
     group_id TEXT NOT NULL,
     member_id TEXT NOT NULL,
     place INTEGER NOT NULL,
     name TEXT NOT NULL,
     metadata BLOB NOT NULL,
     PRIMARY KEY (group_id, member_id, place)
   ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE IF NOT EXISTS consumer_groups (
     group_id TEXT PRIMARY KEY,
     epoch INTEGER NOT NULL DEFAULT 0,
     topics_digest TEXT NOT NULL DEFAULT '',
     target_epoch INTEGER NOT NULL DEFAULT 0,
     target_at_ms INTEGER NOT NULL DEFAULT 0
   ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE IF NOT EXISTS consumer_members (
     group_id TEXT NOT NULL,
     member_id TEXT NOT NULL,
     instance_id TEXT,
     rack_id TEXT,
     client_id TEXT NOT NULL DEFAULT '',
     client_host TEXT NOT NULL DEFAULT '',
     rebalance_timeout_ms INTEGER NOT NULL DEFAULT -1,
     topic_names_json TEXT NOT NULL DEFAULT '[]',
     topic_regex TEXT,
     server_assignor TEXT,
     classic_json TEXT,
     state TEXT NOT NULL DEFAULT 'STABLE',
     epoch INTEGER NOT NULL DEFAULT 0,
     previous_epoch INTEGER NOT NULL DEFAULT -1,
     PRIMARY KEY (group_id, member_id)
   ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE IF NOT EXISTS consumer_held_partitions (
     group_id TEXT NOT NULL,
     topic_id TEXT NOT NULL,
     partition INTEGER NOT NULL,
     member_id TEXT NOT NULL,
     epoch INTEGER NOT NULL,
     revoking INTEGER NOT NULL CHECK (revoking IN (0, 1)),
     PRIMARY KEY (group_id, topic_id, partition)
   ) STRICT, WITHOUT ROWID`,
  `CREATE INDEX IF NOT EXISTS consumer_held_partitions_by_member
     ON consumer_held_partitions (group_id, member_id)`,
  `CREATE TABLE IF NOT EXISTS consumer_target_partitions (
     group_id TEXT NOT NULL,
     member_id TEXT NOT NULL,
     topic_id TEXT NOT NULL,
     partition INTEGER NOT NULL,
     PRIMARY KEY (group_id, member_id, topic_id, partition)
   ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE IF NOT EXISTS consumer_patterns (
     group_id TEXT NOT NULL,
     pattern TEXT NOT NULL,
     topics_json TEXT NOT NULL,
     PRIMARY KEY (group_id, pattern)
   ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE IF NOT EXISTS group_configs (
     group_id TEXT NOT NULL,
     name TEXT NOT NULL,
     value TEXT NOT NULL,
     PRIMARY KEY (group_id, name)
   ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE IF NOT EXISTS committed_offsets (
     group_id TEXT NOT NULL,
     topic_id TEXT NOT NULL REFERENCES topics ON DELETE CASCADE,
     partition INTEGER NOT NULL,
     committed_offset INTEGER NOT NULL,
     leader_epoch INTEGER NOT NULL,
     metadata TEXT NOT NULL,
     committed_at_ms INTEGER NOT NULL,
     expires_at_ms INTEGER,
     PRIMARY KEY (group_id, topic_id, partition)
   ) STRICT, WITHOUT ROWID`,
  'CREATE INDEX IF NOT EXISTS committed_offsets_by_topic ON committed_offsets (topic_id)',
]
