// What many runs come to.
import type { Figure } from './questions/question.ts'

/** Of at least one number. */
export const median = (numbers: readonly number[]): number => {
  const sorted = [...numbers].sort((one, other) => one - other)
  const middle = sorted.length >> 1
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** The median of numbers, and between which they lie. */
export interface Spread {
  median: number
  min: number
  max: number
}

export const spreadOf = (numbers: readonly number[]): Spread => ({
  median: median(numbers),
  min: Math.min(...numbers),
  max: Math.max(...numbers),
})

/** One figure over all runs; undefined where the runs do not give it. */
export const spread = (figures: readonly Figure[], key: string): Spread | undefined =>
  figures.length > 0 && figures[0]![key] !== undefined
    ? spreadOf(figures.map((figure) => figure[key]!))
    : undefined

/** The ratios of the runs of one broker to those beside them of the other. */
export const ratios = (
  ours: readonly Figure[],
  theirs: readonly Figure[],
  key: string,
): Spread | undefined =>
  theirs.length > 0 && theirs[0]![key] !== undefined && ours[0]?.[key] !== undefined
    ? spreadOf(theirs.map((figure, round) => ours[round]![key]! / figure[key]!))
    : undefined
