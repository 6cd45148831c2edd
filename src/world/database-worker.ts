// The thread that owns every SQLite handle: its syncs and checkpoints stall only itself.
// Steps that arrive while a commit runs share the next one, each behind a savepoint of its own.
import * as fs from 'node:fs'
import { dirname } from 'node:path'
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
  if (primary === 13) return 'DATABASE_FULL'
  if (primary === 14 || primary === 26 || primary === 3 || primary === 8) return 'DATABASE_REFUSED'
  return 'DATABASE_FAILED'
}

const failure = (id: number, error: unknown, code = codeOf(error)): DatabaseResponse => ({
  id,
  code,
  message: (error as Error).message,
})

/**
 * Room on the disk that is kept for the metadata: topics must be deleted when it is full. It is given up
 * for the first commit that finds none, and taken again when there is plenty.
 */
const reserveSize = 8 * 1024 * 1024
const plentySize = 4 * reserveSize
const reserveCheckMs = 10_000

class Reserve {
  readonly #path: string
  #isHeld = false
  #checkedMs = Number.NEGATIVE_INFINITY

  constructor(path: string) {
    this.#path = `${path}-reserve`
    this.#isHeld = fs.existsSync(this.#path) && fs.statSync(this.#path).size >= reserveSize
    this.takeAgain()
  }

  /** True when there was something to give up. */
  giveUp(): boolean {
    if (!this.#isHeld) return false
    fs.rmSync(this.#path, { force: true })
    this.#isHeld = false
    return true
  }

  takeAgain(): void {
    const nowMs = performance.now()
    if (this.#isHeld || nowMs - this.#checkedMs < reserveCheckMs) return
    this.#checkedMs = nowMs
    const { bavail, bsize } = fs.statfsSync(dirname(this.#path))
    if (bavail * bsize < plentySize) return
    try {
      fs.writeFileSync(this.#path, Buffer.alloc(reserveSize))
      this.#isHeld = true
    } catch {
      // Somebody was faster: there is no room after all, and the next look may find some.
      fs.rmSync(this.#path, { force: true })
    }
  }
}

class OpenFile {
  readonly #database: DatabaseSync
  readonly #path: string
  #reserve: Reserve | undefined
  readonly #prepared = new Map<string, StatementSync>()
  #waiting: WriteRequest[] = []
  #failed: unknown

  constructor(path: string) {
    this.#database = new DatabaseSync(path)
    this.#path = path
  }

  prepareForWrites(): void {
    this.#database.exec('PRAGMA journal_mode=WAL')
    // FULL: the write-ahead log is synced at each commit.
    this.#database.exec('PRAGMA synchronous=FULL')
    this.#database.exec('PRAGMA foreign_keys=ON')
    this.#database.exec('PRAGMA journal_size_limit=67108864')
    this.#reserve = new Reserve(this.#path)
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
      this.#reserve?.takeAgain()
    }
  }

  close(): void {
    this.commitWaiting()
    this.#database.close()
  }

  /**
   * One commit. Where the disk is full it is rolled back, and is tried again once with the room that was
   * kept; any other failure is one of every step that follows, too.
   */
  #round(requests: WriteRequest[]): DatabaseResponse[] {
    try {
      if (this.#failed) throw this.#failed
      this.#database.exec('BEGIN IMMEDIATE')
      const responses = requests.map((request) => this.#step(request))
      this.#database.exec('COMMIT')
      return responses
    } catch (error) {
      if (this.#failed || codeOf(error) !== 'DATABASE_FULL') {
        this.#failed = error
        return requests.map(({ id }) => failure(id, error, 'DATABASE_FAILED'))
      }
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
      if (this.#reserve?.giveUp()) return this.#round(requests)
      return requests.map(({ id }) => failure(id, error))
    }
  }

  #step({ id, statements }: WriteRequest): DatabaseResponse {
    this.#database.exec('SAVEPOINT step')
    try {
      const rows = statements.map((statement) => this.#run(statement))
      this.#database.exec('RELEASE step')
      return { id, rows }
    } catch (error) {
      if (codeOf(error) === 'DATABASE_FULL') throw error
      this.#database.exec('ROLLBACK TO step')
      this.#database.exec('RELEASE step')
      return failure(id, error)
    }
  }

  #run({ sql, values = [], runs, otherwise }: Statement): Row[] {
    const prepared = this.#prepare(sql)
    if (!runs) return prepared.all(...values) as Row[]
    const next = otherwise === undefined ? undefined : this.#prepare(otherwise)
    for (const each of runs) if (prepared.run(...each).changes === 0) next?.run(...each)
    return []
  }

  #prepare(sql: string): StatementSync {
    let prepared = this.#prepared.get(sql)
    if (!prepared) {
      if (this.#prepared.size >= preparedMax) this.#prepared.clear()
      prepared = this.#database.prepare(sql)
      this.#prepared.set(sql, prepared)
    }
    return prepared
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
