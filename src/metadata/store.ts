// The tables of the metadata database. Everyone may read the file with a SQL client; only the broker writes it.
import { type Uuid, uuidFromRandomBytes } from '#model'
import type { Database, Random, Row, Statement } from '#world'

const schema = [
  `CREATE TABLE IF NOT EXISTS cluster (
     one INTEGER PRIMARY KEY CHECK (one = 1),
     cluster_id TEXT NOT NULL,
     starts INTEGER NOT NULL,
     next_producer_id INTEGER NOT NULL
   ) STRICT`,
  `CREATE TABLE IF NOT EXISTS topics (
     topic_id TEXT PRIMARY KEY,
     name TEXT NOT NULL UNIQUE,
     partition_count INTEGER NOT NULL CHECK (partition_count > 0),
     created_in_start INTEGER NOT NULL,
     created_at_ms INTEGER NOT NULL
   ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE IF NOT EXISTS topic_configs (
     topic_id TEXT NOT NULL REFERENCES topics ON DELETE CASCADE,
     name TEXT NOT NULL,
     value TEXT NOT NULL,
     PRIMARY KEY (topic_id, name)
   ) STRICT, WITHOUT ROWID`,
]

/** One row of `topics` with its configs. */
export interface StoredTopic {
  id: Uuid
  name: string
  partitionCount: number
  createdInStart: number
  configs: Readonly<Record<string, string>>
}

/** What a start of the broker finds. */
export interface StoredState {
  clusterId: string
  /** How often the broker has started, this time included. */
  starts: number
  topics: readonly StoredTopic[]
}

/** Reads and writes the rows; each write is durable once it settles. */
export class MetadataStore {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  /**
   * Makes the tables where they are missing, counts this start, and reads everything. What `ifNew` throws
   * keeps a database that has never been started from being one.
   */
  async start(random: Random, ifNew: () => Promise<void>): Promise<StoredState> {
    const clusterId = uuidFromRandomBytes(random.bytes(16))
    const made = await this.#database.write([
      ...schema.map((sql) => ({ sql })),
      { sql: 'SELECT 1 FROM cluster' },
    ])
    if (made.at(-1)!.length === 0) await ifNew()
    const results = await this.#database.write([
      { sql: 'INSERT OR IGNORE INTO cluster VALUES (1, ?, 0, 0)', values: [clusterId] },
      { sql: 'UPDATE cluster SET starts = starts + 1' },
      { sql: 'SELECT cluster_id, starts FROM cluster' },
      { sql: 'SELECT * FROM topics' },
      { sql: 'SELECT * FROM topic_configs' },
    ])
    const [cluster, topics, configs] = results.slice(-3) as [Row[], Row[], Row[]]
    const [row] = cluster
    return {
      clusterId: String(row?.cluster_id),
      starts: Number(row?.starts),
      topics: joinConfigs(topics, configs),
    }
  }

  async createTopics(topics: readonly StoredTopic[], nowMs: number): Promise<void> {
    await this.#database.write(topics.flatMap((topic) => insertTopic(topic, nowMs)))
  }

  async deleteTopics(ids: readonly Uuid[]): Promise<void> {
    const sql = 'DELETE FROM topics WHERE topic_id = ?'
    await this.#database.write(ids.map((id) => ({ sql, values: [id] })))
  }

  /** Replaces all that a topic has set for itself. */
  async setTopicConfigs(id: Uuid, configs: Readonly<Record<string, string>>): Promise<void> {
    await this.#database.write([
      { sql: 'DELETE FROM topic_configs WHERE topic_id = ?', values: [id] },
      ...insertConfigs(id, configs),
    ])
  }

  /** Reserves producer ids from `atLeast` on; returns the first of `count`. */
  async reserveProducerIds(count: number, atLeast: number): Promise<number> {
    const [rows] = await this.#database.write([
      {
        sql: `UPDATE cluster SET next_producer_id = max(next_producer_id, ?) + ?
              RETURNING next_producer_id`,
        values: [atLeast, count],
      },
    ])
    return Number(rows?.[0]?.next_producer_id) - count
  }

  close(): Promise<void> {
    return this.#database.close()
  }
}

export const insertTopic = (topic: StoredTopic, nowMs: number): Statement[] => [
  {
    sql: 'INSERT INTO topics VALUES (?, ?, ?, ?, ?)',
    values: [topic.id, topic.name, topic.partitionCount, topic.createdInStart, nowMs],
  },
  ...insertConfigs(topic.id, topic.configs),
]

const insertConfigs = (id: Uuid, configs: Readonly<Record<string, string>>): Statement[] =>
  Object.entries(configs).map(([name, value]) => ({
    // The topic may have been deleted meanwhile.
    sql: `INSERT INTO topic_configs SELECT topic_id, ?, ? FROM topics WHERE topic_id = ?`,
    values: [name, value, id],
  }))

const joinConfigs = (topics: readonly Row[], configs: readonly Row[]): StoredTopic[] => {
  const byTopic = new Map<string, Record<string, string>>()
  for (const row of configs) {
    const id = String(row.topic_id)
    const entries = byTopic.get(id) ?? {}
    entries[String(row.name)] = String(row.value)
    byTopic.set(id, entries)
  }
  return topics.map((row) => ({
    id: String(row.topic_id),
    name: String(row.name),
    partitionCount: Number(row.partition_count),
    createdInStart: Number(row.created_in_start),
    configs: byTopic.get(String(row.topic_id)) ?? {},
  }))
}
