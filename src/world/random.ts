import { randomBytes, randomInt } from 'node:crypto'

/** Chance. A simulation draws it from its seed. */
export interface Random {
  /** `size` unpredictable bytes. */
  bytes(size: number): Buffer
  /** A whole number from 0 up to, not including, `bound` (at most 2^48). */
  below(bound: number): number
}

/** The operating system's own randomness. */
export const realRandom: Random = {
  bytes: (size) => randomBytes(size),
  below: (bound) => randomInt(bound),
}
