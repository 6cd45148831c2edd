// What a real thread runs: it loads the module it was started for and passes questions to its work.
import { parentPort, workerData } from 'node:worker_threads'
import { realClock } from './clock.ts'
import { realDisk } from './real-disk.ts'
import type { ThreadWork } from './threads.ts'

/** A question on its way to a thread. */
export interface ThreadQuestion {
  id: number
  question: unknown
}

/** An answer on its way back: the work's, or what it threw. */
export type ThreadAnswer =
  | { id: number; answer: unknown }
  | {
      id: number
      error: { name: string; message: string; code: string | undefined; kind: string | undefined }
    }

const port = parentPort!
const { work } = (await import((workerData as { module: string }).module)) as { work: ThreadWork }
const answerer = work({ disk: realDisk, clock: realClock, isEnded: () => false })
let last = Promise.resolve()

const answer = async ({ id, question }: ThreadQuestion): Promise<ThreadAnswer> => {
  try {
    return { id, answer: await answerer(question as never) }
  } catch (error) {
    const { name, message, code, kind } = error as Error & { code?: string; kind?: string }
    return { id, error: { name, message, code, kind } }
  }
}

port.on('message', (question: ThreadQuestion) => {
  last = last.then(async () => port.postMessage(await answer(question)))
})
