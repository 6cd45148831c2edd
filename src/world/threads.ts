import type { Clock } from './clock.ts'
import type { Disk } from './disk.ts'

/** What work beside the event loop has of the world. */
export interface ThreadSurroundings {
  disk: Disk
  clock: Clock
  /** Whoever asked wants no answer any more: long work looks from time to time and ends. */
  isEnded(): boolean
}

/** What a thread's module exports as `work`: it makes what answers questions, one after the other. */
export type ThreadWork = (surroundings: ThreadSurroundings) => (question: never) => unknown

/** Work that goes on beside the event loop. */
export interface Thread {
  /**
   * Sends a question that can be cloned, and resolves to the answer. Rejects with what the work threw, of
   * which only name, message, `code` and `kind` are left, or with a `ThreadEnded`.
   */
  ask(question: unknown): Promise<unknown>
  /** Ends the work, wherever it is; afterwards it touches nothing any more. */
  end(): Promise<void>
}

/** Where threads come from. */
export interface Threads {
  /** Starts a thread with the `work` that a module exports. */
  start(module: URL): Thread
}

/** A question has no answer because its thread was ended. */
export class ThreadEnded extends Error {
  readonly code = 'THREAD_ENDED'

  constructor() {
    super('the thread was ended')
  }
}

/** "Threads" that work on the event loop, on the disk and by the clock that they are given. */
export const sameThread = (disk: Disk, clock: Clock): Threads => ({
  start: (module) => {
    let isEnded = false
    const surroundings = { disk, clock, isEnded: () => isEnded }
    const loading = import(module.href).then(({ work }: { work: ThreadWork }) => work(surroundings))
    let last: Promise<unknown> = loading.catch(() => undefined)
    return {
      ask: (question) => {
        const answer = last.then(async () => {
          const answerer = await loading
          if (isEnded) throw new ThreadEnded()
          return answerer(question as never)
        })
        last = answer.catch(() => undefined)
        return answer
      },
      end: async () => {
        isEnded = true
        await last
      },
    }
  },
})
