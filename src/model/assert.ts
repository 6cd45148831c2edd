/** A mistake of our own: the state of the program is not what its code relies on, so it must stop. */
export class AssertionFailure extends Error {
  constructor(sentence: string) {
    super(sentence)
    this.name = 'AssertionFailure'
  }
}

/** Throws an `AssertionFailure` with that sentence unless the condition holds. */
export function assert(condition: unknown, sentence: string): asserts condition {
  if (!condition) throw new AssertionFailure(sentence)
}
