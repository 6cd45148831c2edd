/** What a column or parameter holds. Whole numbers outside ±2^53 are not to be stored as INTEGER. */
export type SqlValue = string | number | null | Uint8Array

/** A result row by column name. */
export type Row = Readonly<Record<string, SqlValue>>

/** One SQL statement with its `?` parameters in order. */
export interface Statement {
  sql: string
  values?: readonly SqlValue[]
  /** Runs it once for each of these instead, and returns no rows. */
  runs?: readonly (readonly SqlValue[])[]
  /** Each run that changed no row runs this one with the same parameters. */
  otherwise?: string
}

/** A relational database whose writes survive a loss of power once they have settled. */
export interface Database {
  /**
   * Runs the statements as one atomic step and resolves to the rows of each once that step is
   * durable. Steps take effect in the order of the calls; those that wait together share a commit.
   * Rejects with a `DatabaseError`.
   */
  write(statements: readonly Statement[]): Promise<Row[][]>
  /** Finishes what was asked, then closes. */
  close(): Promise<void>
}

/** A folder that this process, and no other, may write. */
export interface FolderLock {
  release(): Promise<void>
}

/** Where databases come from. */
export interface Databases {
  open(path: string): Promise<Database>
  /** Takes the lock kept in the file `path`; `DATABASE_LOCKED` when another process has it. */
  lock(path: string): Promise<FolderLock>
}
