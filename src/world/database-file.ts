// One SQLite file and how it is written: what one transaction holds, how it is made durable, and what
// happens when the disk is full. Whoever owns it waits for every call.
import * as fs from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import type { Row, Statement } from './database.ts'
import { DatabaseError, type DatabaseErrorCode } from './database-error.ts'

/** Statements that take effect together or not at all. */
export type Step = readonly Statement[]

/** The rows of each statement of a step, or why it has had no effect. */
export type StepOutcome = { rows: Row[][] } | { error: DatabaseError }

/** How the file is written: FULL syncs the write-ahead log at each commit. */
export const writePragmas = [
  'journal_mode=WAL',
  'synchronous=FULL',
  'foreign_keys=ON',
  'journal_size_limit=67108864',
]

/** Prepared statements kept per file; the broker uses a few dozen texts. */
const preparedMax = 256

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

/** An open file. What it throws are `DatabaseError`s. */
export class DatabaseFile {
  readonly #database: DatabaseSync
  readonly #path: string
  #reserve: Reserve | undefined
  readonly #prepared = new Map<string, StatementSync>()
  #failed: unknown

  constructor(path: string) {
    this.#database = attempt(() => new DatabaseSync(path))
    this.#path = path
  }

  /** Takes room on the disk for later, too, if so wanted. */
  prepareForWrites(pragmas: readonly string[], withReserve: boolean): void {
    attempt(() => {
      for (const pragma of pragmas) this.#database.exec(`PRAGMA ${pragma}`)
      if (withReserve) this.#reserve = new Reserve(this.#path)
    })
  }

  /** The transaction is never ended: it is the lock, and the process's end releases it. */
  holdExclusively(): void {
    attempt(() => {
      this.#database.exec('PRAGMA journal_mode=DELETE')
      this.#database.exec('BEGIN EXCLUSIVE')
    })
  }

  /**
   * One commit. Where the disk is full it is rolled back, and is tried again once with the room that was
   * kept; any other failure is one of every step that follows, too.
   */
  commit(steps: readonly Step[]): StepOutcome[] {
    try {
      if (this.#failed) throw this.#failed
      this.#database.exec('BEGIN IMMEDIATE')
      const outcomes = steps.map((step) => this.#step(step))
      this.#database.exec('COMMIT')
      return outcomes
    } catch (error) {
      if (this.#failed || codeOf(error) !== 'DATABASE_FULL') {
        this.#failed = error
        return steps.map(() => failure(error, 'DATABASE_FAILED'))
      }
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
      if (this.#reserve?.giveUp()) return this.commit(steps)
      return steps.map(() => failure(error))
    }
  }

  /** Takes room for later again, where that was given up and there is plenty. */
  takeReserveAgain(): void {
    this.#reserve?.takeAgain()
  }

  close(): void {
    attempt(() => this.#database.close())
  }

  #step(statements: Step): StepOutcome {
    this.#database.exec('SAVEPOINT step')
    try {
      const rows = statements.map((statement) => this.#run(statement))
      this.#database.exec('RELEASE step')
      return { rows }
    } catch (error) {
      if (codeOf(error) === 'DATABASE_FULL') throw error
      this.#database.exec('ROLLBACK TO step')
      this.#database.exec('RELEASE step')
      return failure(error)
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

const codeOf = (error: unknown): DatabaseErrorCode => {
  const number = (error as { errcode?: number }).errcode ?? 0
  const primary = number & 0xff
  if (primary === 5 || primary === 6) return 'DATABASE_LOCKED'
  if (primary === 19) return 'DATABASE_CONSTRAINT'
  if (primary === 13) return 'DATABASE_FULL'
  if (primary === 14 || primary === 26 || primary === 3 || primary === 8) return 'DATABASE_REFUSED'
  return 'DATABASE_FAILED'
}

const failure = (error: unknown, code = codeOf(error)): { error: DatabaseError } => ({
  error: new DatabaseError(code, (error as Error).message),
})

const attempt = <T>(run: () => T): T => {
  try {
    return run()
  } catch (error) {
    throw failure(error).error
  }
}
