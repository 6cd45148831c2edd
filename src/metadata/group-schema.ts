/**
 * The tables of groups. A topic takes the offsets of its partitions with it. `offsets_since_ms` says that no
 * offset of the group may be forgotten for an age that is counted from before then, so that a look for old
 * offsets passes by all groups that cannot have any.
 */
export const groupSchema = [
  `CREATE TABLE IF NOT EXISTS groups (
     group_id TEXT PRIMARY KEY,
     kind TEXT NOT NULL CHECK (kind IN ('classic')),
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
