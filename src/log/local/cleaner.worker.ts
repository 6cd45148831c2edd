// What a cleaner's thread runs: one job after the other.
import type { ThreadWork } from '#world'
import { CleaningJob, type CleaningQuestion, type Learnt, type Written } from './cleaning-job.ts'

export const work: ThreadWork = (surroundings) => {
  let job: CleaningJob | undefined
  return async (question: CleaningQuestion): Promise<Learnt | Written | undefined> => {
    if (question.kind === 'keep') return job!.keep(question)
    job?.release()
    job = undefined
    if (question.kind === 'release') return undefined
    job = new CleaningJob(surroundings, question)
    return job.learn(question)
  }
}
