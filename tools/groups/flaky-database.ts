import type { SeededRandom, Simulation } from '#testing'
import { type Database, DatabaseError, type DatabaseFile, type Row, type Statement } from '#world'

/** How long a write takes at most, in ms. */
const delayMaxMs = 20

/** A database in memory whose writes take their time, in their order, and at times fail without an effect. */
export class FlakyDatabase implements Database {
  readonly #file: DatabaseFile
  readonly #simulation: Simulation
  readonly #random: SeededRandom
  /** How many of the writes fail. */
  failureShare = 0
  #last: Promise<unknown> = Promise.resolve()

  constructor(file: DatabaseFile, simulation: Simulation, random: SeededRandom) {
    this.#file = file
    this.#simulation = simulation
    this.#random = random
    file.prepareForWrites(['foreign_keys=ON'], false)
  }

  /** The same rows without chance or delay. */
  get calm(): Database {
    return {
      write: async (statements) => this.#commit(statements),
      close: () => Promise.resolve(),
    }
  }

  write(statements: readonly Statement[]): Promise<Row[][]> {
    const written = this.#last.then(() =>
      this.#simulation.later(delayMaxMs, () => {
        if (this.#random.chance(this.failureShare)) throw new DatabaseError('DATABASE_FULL', 'full')
        return this.#commit(statements)
      }),
    )
    this.#last = written.catch(() => undefined)
    return written
  }

  async close(): Promise<void> {
    await this.#last
    this.#file.close()
  }

  #commit(statements: readonly Statement[]): Row[][] {
    const [outcome] = this.#file.commit([statements])
    if ('error' in outcome!) throw outcome.error
    return outcome!.rows
  }
}
