// The thread that owns every SQLite handle: its syncs and checkpoints stall only itself.
// Steps that arrive while a commit runs share the next one, each behind a savepoint of its own.
import { parentPort } from 'node:worker_threads'
import type { Row, Statement } from './database.ts'
import { DatabaseError, type DatabaseErrorCode } from './database-error.ts'
import { DatabaseFile, writePragmas } from './database-file.ts'

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

const port = parentPort!
const files = new Map<number, OpenFile>()

class OpenFile {
  readonly #file: DatabaseFile
  #waiting: WriteRequest[] = []

  constructor(file: DatabaseFile) {
    this.#file = file
  }

  queue(request: WriteRequest): void {
    if (this.#waiting.length === 0) setImmediate(() => this.commitWaiting())
    this.#waiting.push(request)
  }

  commitWaiting(): void {
    while (this.#waiting.length > 0) {
      const requests = this.#waiting.splice(0, stepsPerCommitMax)
      const outcomes = this.#file.commit(requests.map(({ statements }) => statements))
      requests.forEach(({ id }, index) => {
        const outcome = outcomes[index]!
        port.postMessage('rows' in outcome ? { id, ...outcome } : refusal(id, outcome.error))
      })
      this.#file.takeReserveAgain()
    }
  }

  close(): void {
    this.commitWaiting()
    this.#file.close()
  }
}

const refusal = (id: number, { code, message }: DatabaseError): DatabaseResponse => ({
  id,
  code,
  message,
})

const openFile = ({ kind, path, handle }: Extract<DatabaseRequest, { path: string }>): void => {
  const file = new DatabaseFile(path)
  if (kind === 'lock') file.holdExclusively()
  else file.prepareForWrites(writePragmas, true)
  files.set(handle, new OpenFile(file))
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
    const known = error instanceof DatabaseError
    const refused = known ? error : new DatabaseError('DATABASE_FAILED', String(error))
    port.postMessage(refusal(request.id, refused))
  }
})
