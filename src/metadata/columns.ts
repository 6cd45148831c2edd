import type { SqlValue } from '#world'

/** The text in a column that may be empty. */
export const textOf = (value: SqlValue | undefined): string | null =>
  value == null ? null : String(value)

/** The number in a column that may be empty. */
export const numberOf = (value: SqlValue | undefined): number | null =>
  value == null ? null : Number(value)
