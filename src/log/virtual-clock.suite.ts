// A clock for tests of what the log does by time: it stands still until it is advanced.
import type { Clock } from '#world'

/** A clock that a test moves. */
export interface VirtualClock extends Clock {
  /** Lets time pass, running what becomes due in order, and what follows from it. */
  advance(ms: number): Promise<void>
}

interface Task {
  dueMs: number
  run(): void
}

export const virtualClock = (startMs: number): VirtualClock => {
  let nowMs = startMs
  let tasks: Task[] = []
  const next = (): Task | undefined => tasks.toSorted((a, b) => a.dueMs - b.dueMs)[0]
  return {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    after: (delayMs, run) => {
      const task = { dueMs: nowMs + delayMs, run }
      tasks.push(task)
      return {
        cancel: () => {
          tasks = tasks.filter((other) => other !== task)
        },
      }
    },
    endOfTurn: (task) => {
      setImmediate(task)
    },
    advance: async (ms) => {
      const endMs = nowMs + ms
      for (let task = next(); task && task.dueMs <= endMs; task = next()) {
        const due = task
        tasks = tasks.filter((other) => other !== due)
        nowMs = Math.max(nowMs, due.dueMs)
        due.run()
        await new Promise((resolve) => setImmediate(resolve))
      }
      nowMs = endMs
    },
  }
}
