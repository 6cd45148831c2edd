// The assignors that a group may choose from by name (KIP-848).
import type { Assignor } from './assignor.ts'
import { assignRange } from './range.ts'
import { assignUniform } from './uniform.ts'

export type { Assignor, AssignorMember, Partitions } from './assignor.ts'
export { compareTexts } from './assignor.ts'

const assignors: Readonly<Record<string, Assignor>> = {
  // A lookup by a client's text must not find what every object inherits.
  __proto__: null as never,
  uniform: assignUniform,
  range: assignRange,
}

/** The names that a member may ask for, in Kafka's order. */
export const assignorNames: readonly string[] = Object.keys(assignors)

/** Returns the assignor of that name, if there is one. */
export const assignorNamed = (name: string): Assignor | undefined => assignors[name]
