import type { Worker } from 'node:worker_threads'
import { startWorker } from './start-worker.ts'
import type { ThreadAnswer, ThreadQuestion } from './thread-worker.ts'
import { type Thread, ThreadEnded, type Threads } from './threads.ts'

interface Waiting {
  resolve(answer: unknown): void
  reject(error: Error): void
}

class RealThread implements Thread {
  readonly #worker: Worker
  readonly #waiting = new Map<number, Waiting>()
  #lastId = 0
  #isEnded = false

  constructor(module: URL) {
    this.#worker = startWorker('thread-worker', { module: module.href })
    this.#worker.on('message', (answer: ThreadAnswer) => this.#settle(answer))
    this.#worker.on('error', (error) => this.#failAll(error as Error))
    this.#worker.on('exit', () => this.#failAll(new ThreadEnded()))
    this.#worker.unref()
  }

  ask(question: unknown): Promise<unknown> {
    if (this.#isEnded) return Promise.reject(new ThreadEnded())
    this.#lastId += 1
    const id = this.#lastId
    return new Promise((resolve, reject) => {
      // While an answer is due the thread keeps the process alive.
      if (this.#waiting.size === 0) this.#worker.ref()
      this.#waiting.set(id, { resolve, reject })
      this.#worker.postMessage({ id, question } satisfies ThreadQuestion)
    })
  }

  async end(): Promise<void> {
    this.#isEnded = true
    await this.#worker.terminate()
    this.#failAll(new ThreadEnded())
  }

  #settle(answer: ThreadAnswer): void {
    const waiting = this.#waiting.get(answer.id)
    this.#waiting.delete(answer.id)
    if (this.#waiting.size === 0) this.#worker.unref()
    if ('error' in answer) {
      const { name, message, code, kind } = answer.error
      waiting?.reject(Object.assign(new Error(message), { name, code, kind }))
    } else waiting?.resolve(answer.answer)
  }

  #failAll(error: Error): void {
    this.#isEnded = true
    for (const { reject } of this.#waiting.values()) reject(error)
    this.#waiting.clear()
  }
}

/** Threads of the machine, with its own disk and clock. */
export const realThreads: Threads = { start: (module) => new RealThread(module) }
