import {
  type ListedTransaction,
  type OffsetPartition,
  partitionKey,
  type TransactionChange,
  type TransactionFacts,
  type TransactionPhase,
  type TransactionState,
  type TransactionStore,
  type TransactionVersion,
} from '#coordinators'
import type { Database, Row, Statement } from '#world'
import { unusedIdsPerLookMax } from './limits.ts'
import { transactionStatements } from './transaction-statements.ts'

/**
 * Transactions and their offsets as rows, whose tables are made with those of the groups. The database
 * runs what it is asked in order, reads too.
 */
export class SqlTransactionStore implements TransactionStore {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  async write(changes: readonly TransactionChange[]): Promise<void> {
    await this.#database.write(transactionStatements(changes))
  }

  async load(transactionalId: string): Promise<TransactionState | null> {
    const values = [transactionalId]
    const [transactions, partitions, groups] = (await this.#database.write([
      { sql: 'SELECT * FROM transactions WHERE transactional_id = ?', values },
      { sql: 'SELECT * FROM transaction_partitions WHERE transactional_id = ?', values },
      { sql: 'SELECT * FROM transaction_groups WHERE transactional_id = ?', values },
    ])) as [Row[], Row[], Row[]]
    const [row] = transactions
    if (!row) return null
    const written = partitions.map(partitionOf)
    return {
      transactionalId,
      facts: factsOf(row),
      partitions: new Map(written.map((each) => [partitionKey(each), each])),
      groups: new Set(groups.map(({ group_id }) => String(group_id))),
      ending: null,
    }
  }

  async unfinished(): Promise<readonly string[]> {
    const sql = `SELECT transactional_id FROM transactions
      WHERE state IN ('Ongoing', 'PrepareCommit', 'PrepareAbort')`
    return (await this.#rows({ sql })).map(idOf)
  }

  async list(): Promise<readonly ListedTransaction[]> {
    const rows = await this.#rows({ sql: 'SELECT * FROM transactions' })
    return rows.map((row) => {
      const { producerId, epoch, phase, startedAtMs } = factsOf(row)
      return { transactionalId: idOf(row), producerId, epoch, phase, startedAtMs }
    })
  }

  async unusedSince(timeMs: number): Promise<readonly string[]> {
    const sql = `SELECT transactional_id FROM transactions WHERE updated_at_ms <= ?
      AND state IN ('Empty', 'CompleteCommit', 'CompleteAbort') LIMIT ?`
    return (await this.#rows({ sql, values: [timeMs, unusedIdsPerLookMax] })).map(idOf)
  }

  async pendingOffsets(
    groupId: string,
    partitions: readonly OffsetPartition[] | null,
  ): Promise<readonly OffsetPartition[]> {
    const sql = 'SELECT DISTINCT topic_id, partition FROM pending_offsets WHERE group_id = ?'
    const pending = (await this.#rows({ sql, values: [groupId] })).map(partitionOf)
    if (partitions === null || pending.length === 0) return pending
    const asked = new Set(partitions.map(partitionKey))
    return pending.filter((each) => asked.has(partitionKey(each)))
  }

  async #rows(statement: Statement): Promise<Row[]> {
    const [rows] = await this.#database.write([statement])
    return rows!
  }
}

const idOf = (row: Row): string => String(row.transactional_id)

const partitionOf = (row: Row): OffsetPartition => ({
  topicId: String(row.topic_id),
  partition: Number(row.partition),
})

const factsOf = (row: Row): TransactionFacts => ({
  producerId: Number(row.producer_id),
  previousProducerId: Number(row.previous_producer_id),
  nextProducerId: Number(row.next_producer_id),
  epoch: Number(row.epoch),
  lastEpoch: Number(row.last_epoch),
  phase: row.state as TransactionPhase,
  timeoutMs: Number(row.timeout_ms),
  startedAtMs: Number(row.started_at_ms),
  updatedAtMs: Number(row.updated_at_ms),
  version: Number(row.version) as TransactionVersion,
})
