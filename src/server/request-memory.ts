// Memory for request frames. Larger frames share one budget and are let in strictly in arrival order:
// a frame's whole length is set aside before its body is read, so that every frame that was begun can
// be finished. Small frames have a budget of their own and so never wait behind those.
import { smallFrameSizeMax, smallFramesBytesMax } from './limits.ts'

/** Memory that was asked for. It is given back once, granted or not. */
export interface Reservation {
  readonly granted: boolean
  release(): void
}

class Entry implements Reservation {
  readonly size: number
  readonly onGranted: () => void
  readonly #budget: Budget
  granted = false
  released = false

  constructor(budget: Budget, size: number, onGranted: () => void) {
    this.#budget = budget
    this.size = size
    this.onGranted = onGranted
  }

  release(): void {
    if (this.released) return
    this.released = true
    this.#budget.giveBack(this)
  }
}

class Budget {
  readonly #bytesMax: number
  readonly #waiting: Entry[] = []
  #usedBytes = 0

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  get usedBytes(): number {
    return this.#usedBytes
  }

  get isContended(): boolean {
    return this.#waiting.some(({ released }) => !released)
  }

  reserve(size: number, onGranted: () => void): Reservation {
    const entry = new Entry(this, size, onGranted)
    if (this.#waiting.length === 0 && this.#fits(size)) this.#grant(entry)
    else this.#waiting.push(entry)
    return entry
  }

  giveBack(entry: Entry): void {
    if (entry.granted) this.#usedBytes -= entry.size
    for (let next = this.#waiting[0]; next; next = this.#waiting[0]) {
      if (!next.released && !this.#fits(next.size)) return
      this.#waiting.shift()
      if (next.released) continue
      this.#grant(next)
      next.onGranted()
    }
  }

  #grant(entry: Entry): void {
    entry.granted = true
    this.#usedBytes += entry.size
  }

  /** One frame may be larger than the whole budget: it gets in alone. */
  #fits(size: number): boolean {
    return this.#usedBytes === 0 || this.#usedBytes + size <= this.#bytesMax
  }
}

/** The two budgets; `bytesMax` bounds the larger frames. */
export class RequestMemory {
  readonly #small = new Budget(smallFramesBytesMax)
  readonly #large: Budget

  constructor(bytesMax: number) {
    this.#large = new Budget(bytesMax)
  }

  /** Bytes that are set aside now. */
  get usedBytes(): number {
    return this.#small.usedBytes + this.#large.usedBytes
  }

  /** Someone waits for memory that frames which are still arriving have taken. */
  get isContended(): boolean {
    return this.#large.isContended
  }

  /**
   * Sets `size` bytes aside: at once (`granted`), or when those who asked earlier have given back
   * enough, and then `onGranted` is called.
   */
  reserve(size: number, onGranted: () => void): Reservation {
    return (size <= smallFrameSizeMax ? this.#small : this.#large).reserve(size, onGranted)
  }
}
