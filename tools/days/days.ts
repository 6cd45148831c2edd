import { type DayOptions, type DayReport, liveThroughDay } from './history.ts'

/** What to do. */
export interface DaysOptions {
  days: number
  seed: number
  plant?: DayOptions['plant']
  say?: (line: string) => void
}

/** Lives through so many days; rejects at the first where a log does not hold what it has to. */
export const liveThroughDays = async ({
  days,
  seed,
  plant,
  say,
}: DaysOptions): Promise<DayReport> => {
  const all: DayReport = { steps: 0, records: 0, removed: 0 }
  for (let day = 0; day < days; day += 1) {
    const name = `${seed}/${day}`
    try {
      const report = await liveThroughDay({ seed: name, ...(plant ? { plant } : {}) })
      all.steps += report.steps
      all.records += report.records
      all.removed += report.removed
    } catch (error) {
      throw new Error(`day ${name}: ${(error as Error).message}`, { cause: error })
    }
    if (day % 500 === 499) say?.(`${day + 1} days, ${all.records} records`)
  }
  return all
}
