import type { Worker } from 'node:worker_threads'
import type { Database, Databases, Row, Statement } from './database.ts'
import { DatabaseError } from './database-error.ts'
import type { DatabaseRequest, DatabaseResponse } from './database-worker.ts'
import { startWorker } from './start-worker.ts'

type Unnumbered<T> = T extends unknown ? Omit<T, 'id'> : never

interface Waiting {
  resolve(rows: Row[][]): void
  reject(error: DatabaseError): void
}

/** The one worker behind all files of a `Databases`; it ends with the last of them. */
class DatabaseThread {
  readonly #worker: Worker
  readonly #waiting = new Map<number, Waiting>()
  /** No file is open any more: the next one needs another thread. */
  ended = false
  #lastId = 0
  #lastHandle = 0
  #openCount = 0

  constructor() {
    this.#worker = startWorker('database-worker')
    this.#worker.on('message', (response: DatabaseResponse) => this.#settle(response))
    this.#worker.on('error', (error) => this.#failAll(error))
    this.#worker.unref()
  }

  async open(kind: 'open' | 'lock', path: string): Promise<number> {
    this.#lastHandle += 1
    const handle = this.#lastHandle
    this.#openCount += 1
    try {
      await this.ask({ handle, kind, path })
      return handle
    } catch (error) {
      await this.#closed()
      throw error
    }
  }

  ask(request: Unnumbered<DatabaseRequest>): Promise<Row[][]> {
    this.#lastId += 1
    const id = this.#lastId
    return new Promise((resolve, reject) => {
      // While an answer is due the thread keeps the process alive.
      if (this.#waiting.size === 0) this.#worker.ref()
      this.#waiting.set(id, { resolve, reject })
      this.#worker.postMessage({ ...request, id })
    })
  }

  async close(handle: number): Promise<void> {
    await this.ask({ handle, kind: 'close' })
    await this.#closed()
  }

  async #closed(): Promise<void> {
    this.#openCount -= 1
    if (this.#openCount > 0) return
    this.ended = true
    await this.#worker.terminate()
  }

  #settle(response: DatabaseResponse): void {
    const waiting = this.#waiting.get(response.id)
    this.#waiting.delete(response.id)
    if (this.#waiting.size === 0) this.#worker.unref()
    if ('rows' in response) waiting?.resolve(response.rows)
    else waiting?.reject(new DatabaseError(response.code, response.message))
  }

  #failAll(error: unknown): void {
    this.ended = true
    const reason = new DatabaseError('DATABASE_FAILED', String(error))
    for (const waiting of this.#waiting.values()) waiting.reject(reason)
    this.#waiting.clear()
  }
}

/**
 * SQLite files, each write synced before it settles, all on one thread beside the event loop; the
 * thread starts with the first file and ends with the last.
 */
export const realDatabases = (): Databases => {
  let thread: DatabaseThread | undefined
  const currentThread = (): DatabaseThread => {
    if (!thread || thread.ended) thread = new DatabaseThread()
    return thread
  }
  return {
    async open(path) {
      const owner = currentThread()
      const handle = await owner.open('open', path)
      return {
        write: (statements: readonly Statement[]) =>
          owner.ask({ handle, kind: 'write', statements }),
        close: () => owner.close(handle),
      } satisfies Database
    },
    async lock(path) {
      const owner = currentThread()
      const handle = await owner.open('lock', path)
      return { release: () => owner.close(handle) }
    },
  }
}
