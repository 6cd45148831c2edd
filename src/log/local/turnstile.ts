/** Lets so many operations run at a time; the others wait in order. */
export class Turnstile {
  readonly #waiting: (() => void)[] = []
  #left: number

  constructor(countMax: number) {
    this.#left = countMax
  }

  async run<T>(operation: () => Promise<T>): Promise<T> {
    if (this.#left > 0) this.#left -= 1
    else await new Promise<void>((resolve) => this.#waiting.push(resolve))
    try {
      return await operation()
    } finally {
      const next = this.#waiting.shift()
      if (next) next()
      else this.#left += 1
    }
  }
}
