// The thread that owns every SQLite handle: its syncs and checkpoints stall only itself.
// Steps that arrive while a commit runs share the next one, each behind a savepoint of its own.
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { parentPort } from 'node:worker_threads'
import type { Row, Statement } from './database.ts'
import type { DatabaseErrorCode } from './database-error.ts'

/** What the worker is asked. `handle` is the caller's number for one open file. */
export type DatabaseRequest =
  | { id: number; handle: number; kind: 'open' | 'lock'; path: string }
  | { id: number; handle: number; kind: 'write'; statements: readonly Statement[] }
  | { id: number; handle: number; kind: 'close' }

/** What it answers: rows per statement, or why not. */
export type DatabaseResponse =
  | { id: number; rows: Row[][] }
  | { id: number; code: DatabaseErrorCode; message: string }

type WriteRequest = Extract<DatabaseRequest, { kind: 'write' }>

/** Steps that share one commit: bounds the memory of a round and how long the first one waits. */
const stepsPerCommitMax = 1024
/** Prepared statements kept per file; the broker uses a few dozen texts. */
const preparedMax = 256

const port = parentPort!
const files = new Map<number, OpenFile>()

const codeOf = (error: unknown): DatabaseErrorCode => {
  const number = (error as { errcode?: number }).errcode ?? 0
  const primary = number & 0xff
  if (primary === 5 || primary === 6) return 'DATABASE_LOCKED'
  if (primary === 19) return 'DATABASE_CONSTRAINT'
  if (primary === 14 || primary === 26 || primary === 3 || primary === 8) return 'DATABASE_REFUSED'
  return 'DATABASE_FAILED'
}

const failure = (id: number, error: unknown, code = codeOf(error)): DatabaseResponse => ({
  id,
  code,
  message: (error as Error).message,
})

class OpenFile {
  readonly #database: DatabaseSync
  readonly #prepared = new Map<string, StatementSync>()
  #waiting: WriteRequest[] = []
  #failed: unknown

  constructor(path: string) {
    this.#database = new DatabaseSync(path)
  }

  prepareForWrites(): void {
    this.#database.exec('PRAGMA journal_mode=WAL')
    // FULL: the write-ahead log is synced at each commit.
    this.#database.exec('PRAGMA synchronous=FULL')
    this.#database.exec('PRAGMA foreign_keys=ON')
    this.#database.exec('PRAGMA journal_size_limit=67108864')
  }

  /** The transaction is never ended: it is the lock, and the process's end releases it. */
  holdExclusively(): void {
    this.#database.exec('PRAGMA journal_mode=DELETE')
    this.#database.exec('BEGIN EXCLUSIVE')
  }

  queue(request: WriteRequest): void {
    if (this.#waiting.length === 0) setImmediate(() => this.commitWaiting())
    this.#waiting.push(request)
  }

  commitWaiting(): void {
    while (this.#waiting.length > 0) {
      for (const response of this.#round(this.#waiting.splice(0, stepsPerCommitMax)))
        port.postMessage(response)
    }
  }

  close(): void {
    this.commitWaiting()
    this.#database.close()
  }

  /** One commit; when it fails every step of it has failed, and so does all that follows. */
  #round(requests: WriteRequest[]): DatabaseResponse[] {
    try {
      if (this.#failed) throw this.#failed
      this.#database.exec('BEGIN IMMEDIATE')
      const responses = requests.map((request) => this.#step(request))
      this.#database.exec('COMMIT')
      return responses
    } catch (error) {
      this.#failed = error
      return requests.map(({ id }) => failure(id, error, 'DATABASE_FAILED'))
    }
  }

  #step({ id, statements }: WriteRequest): DatabaseResponse {
    this.#database.exec('SAVEPOINT step')
    try {
      const rows = statements.map((statement) => this.#run(statement))
      this.#database.exec('RELEASE step')
      return { id, rows }
    } catch (error) {
      this.#database.exec('ROLLBACK TO step')
      this.#database.exec('RELEASE step')
      return failure(id, error)
    }
  }

  #run({ sql, values = [] }: Statement): Row[] {
    let prepared = this.#prepared.get(sql)
    if (!prepared) {
      if (this.#prepared.size >= preparedMax) this.#prepared.clear()
      prepared = this.#database.prepare(sql)
      this.#prepared.set(sql, prepared)
    }
    return prepared.all(...values) as Row[]
  }
}

const openFile = (request: Extract<DatabaseRequest, { path: string }>): void => {
  const file = new OpenFile(request.path)
  if (request.kind === 'lock') file.holdExclusively()
  else file.prepareForWrites()
  files.set(request.handle, file)
}

port.on('message', (request: DatabaseRequest) => {
  try {
    if (request.kind === 'write') {
      files.get(request.handle)!.queue(request)
      return
    }
    if (request.kind === 'close') {
      files.get(request.handle)?.close()
      files.delete(request.handle)
    } else openFile(request)
    port.postMessage({ id: request.id, rows: [] } satisfies DatabaseResponse)
  } catch (error) {
    port.postMessage(failure(request.id, error))
  }
})
