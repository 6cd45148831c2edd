// What a scrub's thread runs: one segment after the other, all at one rate.
import type { ThreadWork } from '#world'
import { type BadBatch, findBadBatch, type ScrubQuestion } from './scrub-job.ts'
import { Throttle } from './throttle.ts'

export const work: ThreadWork = (surroundings) => {
  let throttle: Throttle | undefined
  return (question: ScrubQuestion): Promise<BadBatch | undefined> => {
    throttle ??= new Throttle(surroundings.clock, question.bytesPerSecondMax)
    return findBadBatch(surroundings, throttle, question)
  }
}
