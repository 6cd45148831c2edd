/**
 * `DATABASE_CONSTRAINT`: a statement broke a rule of the schema; its write had no effect.
 * `DATABASE_LOCKED`: another process holds it.
 * `DATABASE_REFUSED`: the file cannot be opened or is no database; a person must mend it.
 * `DATABASE_FULL`: the disk has no room for the commit; it had no effect, and later ones may have room.
 * `DATABASE_FAILED`: the commit failed; what it held is lost and the database takes no more writes.
 */
export type DatabaseErrorCode =
  | 'DATABASE_CONSTRAINT'
  | 'DATABASE_LOCKED'
  | 'DATABASE_REFUSED'
  | 'DATABASE_FULL'
  | 'DATABASE_FAILED'

/** A statement or commit that did not happen. */
export class DatabaseError extends Error {
  readonly code: DatabaseErrorCode

  constructor(code: DatabaseErrorCode, message: string) {
    super(message)
    this.code = code
  }
}
