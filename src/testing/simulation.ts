// Time and order under a test's control. Whatever would happen by itself, timers and disk operations
// alike, is a task with a time; `run` takes them one by one, and a seed decides among those of one time.
// The same seed gives the same order, as long as the code under test waits for nothing else.
import type { Clock, Timer } from '#world'
import type { SeededRandom } from './seeded-random.ts'

interface Task {
  dueMs: number
  /** Decides between tasks of one time. */
  rank: number
  run: () => void
}

/** Tasks with the earliest first: a binary heap. */
class TaskQueue {
  readonly #tasks: Task[] = []

  get next(): Task | undefined {
    return this.#tasks[0]
  }

  push(task: Task): void {
    const tasks = this.#tasks
    let place = tasks.length
    tasks.push(task)
    while (place > 0) {
      const above = (place - 1) >> 1
      if (!isBefore(task, tasks[above]!)) break
      tasks[place] = tasks[above]!
      place = above
    }
    tasks[place] = task
  }

  pop(): Task | undefined {
    const tasks = this.#tasks
    const first = tasks[0]
    const last = tasks.pop()
    if (!first || !last || tasks.length === 0) return first
    let place = 0
    for (;;) {
      let below = place * 2 + 1
      if (below >= tasks.length) break
      if (below + 1 < tasks.length && isBefore(tasks[below + 1]!, tasks[below]!)) below += 1
      if (!isBefore(tasks[below]!, last)) break
      tasks[place] = tasks[below]!
      place = below
    }
    tasks[place] = last
    return first
  }
}

const isBefore = (one: Task, other: Task): boolean =>
  one.dueMs < other.dueMs || (one.dueMs === other.dueMs && one.rank < other.rank)

/** Lets everything that follows from what has settled happen: it needs no task of its own. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** A run of simulated time. */
export class Simulation {
  readonly clock: Clock
  readonly #random: SeededRandom
  readonly #tasks = new TaskQueue()
  #nowMs: number

  constructor(random: SeededRandom, startMs = 1.7e12) {
    this.#random = random
    this.#nowMs = startMs
    this.clock = {
      nowMs: () => Math.floor(this.#nowMs),
      monotonicMs: () => this.#nowMs - startMs,
      after: (delayMs, run) => this.after(delayMs, run),
      endOfTurn: (run) => {
        this.after(0, run)
      },
    }
  }

  after(delayMs: number, run: () => void): Timer {
    let isCancelled = false
    const task: Task = {
      dueMs: this.#nowMs + delayMs,
      rank: this.#random.uint32(),
      run: () => {
        if (!isCancelled) run()
      },
    }
    this.#tasks.push(task)
    return {
      cancel: () => {
        isCancelled = true
      },
    }
  }

  /** Settles as `run` does, a random while of up to `delayMsMax` later. */
  later<T>(delayMsMax: number, run: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      this.after(this.#random.below(delayMsMax * 1000) / 1000, () => {
        try {
          resolve(run())
        } catch (error) {
          reject(error)
        }
      })
    })
  }

  /** Runs until `promise` settles; rejects when nothing is left that could settle it. */
  async until<T>(promise: Promise<T>): Promise<T> {
    let isSettled = false
    const end = (): void => {
      isSettled = true
    }
    promise.then(end, end)
    await settle()
    while (!isSettled) {
      if (!this.#step()) throw new Error('nothing is left to happen, and the promise waits still')
      await settle()
    }
    return promise
  }

  /** Runs all that happens within so much time. */
  async pass(durationMs: number): Promise<void> {
    const endMs = this.#nowMs + durationMs
    await settle()
    while ((this.#tasks.next?.dueMs ?? Number.POSITIVE_INFINITY) <= endMs) {
      this.#step()
      await settle()
    }
    this.#nowMs = endMs
  }

  #step(): boolean {
    const task = this.#tasks.pop()
    if (!task) return false
    this.#nowMs = Math.max(this.#nowMs, task.dueMs)
    task.run()
    return true
  }
}
