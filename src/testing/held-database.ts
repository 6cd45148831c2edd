import { type Database, DatabaseError, type Row, type Statement } from '#world'

/** A database that writes when it is told to, and breaks when it is told to. */
export class HeldDatabase implements Database {
  readonly #database: Database
  /** Writes wait before they take effect. */
  isHeld = false
  /** So many more writes take effect; those after them are refused. */
  writesLeft = Number.POSITIVE_INFINITY
  #held: (() => void)[] = []

  constructor(database: Database) {
    this.#database = database
  }

  /** How many writes wait. */
  get heldCount(): number {
    return this.#held.length
  }

  async write(statements: readonly Statement[]): Promise<Row[][]> {
    if (this.isHeld) await new Promise<void>((resolve) => this.#held.push(resolve))
    if (this.writesLeft <= 0) throw new DatabaseError('DATABASE_FULL', 'no room')
    this.writesLeft -= 1
    return this.#database.write(statements)
  }

  /** Lets what waits go on. */
  release(): void {
    this.isHeld = false
    for (const go of this.#held.splice(0)) go()
  }

  close(): Promise<void> {
    return this.#database.close()
  }
}
